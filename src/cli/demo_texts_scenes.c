/*
 * Everything that is said around the questions, and the small lists of the demonstration data.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/attr.h"
#include "cli/demo_texts.h"

#define LIST(name) { name, ARRAY_LEN(name) }

static const char system_prompt[] =
    "You are the interviewer for the position \"{role}\". Speak calmly and plainly, one question at a time.\n"
    "- Begin with the candidate's experience, then go through the topics of the plan. Call get_rubric before each topic.\n"
    "- Dig deeper once or twice where an answer stays general; do not give the solution away.\n"
    "- After each answer record what you heard with record_note, with a literal quote. Judge what was said, never how fluently.\n"
    "- Do not ask about age, origin, health, family or religion. If the candidate wants a human being, stop and say who will call.";

static const struct demo_exchange greeting[] = {
    { "Hello {name}, and welcome. I'm the interviewing assistant for the position \"{role}\". How are you today?",
      { "Hi! I'm fine, thanks. A little nervous, but let's go.", "Hello, very well, thank you. And curious, I've never done this with an assistant." } },
    { "Good morning {name}! Thank you for taking the time. I'm an assistant and will lead this conversation about the position \"{role}\". Does everything work on your side?",
      { "Good morning! Yes, it works well.", "Hello! Yes, all good here. Thanks for having me." } },
    { "Hi {name}, nice to meet you. This is the interview for \"{role}\", and I'm the assistant who asks the questions. Is now still a good time?",
      { "Nice to meet you too. Yes, now is perfect, I've taken the afternoon off.", "Hi. Yes, I'm ready. The cat may walk across the keyboard at some point, I apologise in advance." } },
    { "Hello {name}. I'm glad it worked out. Before we begin about \"{role}\": do you have everything you need, a glass of water, a quiet place?",
      { "Hello, yes, I have a coffee and a closed door.", "Yes, thank you. If you hear hammering, that's the neighbours." } },
};
static const struct demo_exchange greeting_human[] = {
    { "Hi {name}, good to see you. I'm from the team you'd work with. Did you find the link without trouble?",
      { "Hi! Yes, no problem at all.", "Hello, yes. My camera took two attempts, but here I am." } },
    { "Hello {name}, thanks for making time. I lead the team for \"{role}\". How's your day so far?",
      { "Good, thanks. A little nervous, to be honest.", "Busy, but this is the part I was looking forward to." } },
    { "Good afternoon {name}. We've read your resume with pleasure. Shall I say a few words about us before we start?",
      { "Please do, yes.", "Gladly. I've read your website, but that's probably not the same." } },
};
static const struct demo_exchange format[] = {
    { "Lovely. We have about half an hour: first your experience, then some questions about the work, at the end there's time for yours. "
      "The conversation is stored and read by the hiring team; a person decides, not I. Is that all right for you?",
      { "Yes, that's fine. Good to know that a person reads it.", "Yes, all right for me." } },
    { "Good. A word on how this works: I ask, you answer in your own words, and it's fine to think aloud or to say that you don't know. "
      "Everything is recorded for the team, and you can ask for a copy or for its deletion. Shall we begin?",
      { "Yes, let's begin.", "Thanks for explaining. Yes, I agree." } },
    { "Great. I'll ask about your experience and then about a few topics. There are no trick questions. "
      "Your answers are kept for six months, and the people who decide will read them. Do you agree with that?",
      { "Sure, I agree. Let's start.", "Yes, I do." } },
};
static const struct demo_exchange format_human[] = {
    { "Good. I'd like to hear what you do at the moment, then we go through a few topics, and the last ten minutes are yours. The transcript goes to the three of us who decide. Fine for you?",
      { "Yes, that's fine.", "Sure. Let's start." } },
    { "We're eleven people in the team, and the work is about half new things and half keeping what's there alive. I'll take notes while we talk, don't let that bother you. Ready?",
      { "Ready.", "Yes. That mixture sounds familiar." } },
};
static const char *const introduce[] = {
    "Then please tell me in a few sentences who you are and what you work on at the moment.",
    "To begin with, could you walk me through your background?",
    "Let's start with you. What do you do at {company}, and how did you get there?",
};
static const char *const introduction[] = {
    "I've been working for {years} years now, the last ones at {company} on the {product} system. Before that I was at {previous}. "
    "I studied at {study}, and what I like most is when something I built still runs after years without anyone calling me.",
    "I'm with {company} in {city}, in the {product} team. We're seven people. I came from {previous}, where I learned most of what I know about {skill}. "
    "All in all it's {years} years.",
    "Sure. I graduated from {study}, started at {previous} and moved to {company} for the {product} project. "
    "My main strengths are {skill} and a lot of patience. In total that's {years} years.",
    "At {company} I look after {product}, from the first idea to what happens to it at night. I've done that kind of work for {years} years, before at {previous}. "
    "I'd call {skill} my strongest side.",
};
static const struct demo_exchange closer_look[] = {
    { "Which part of the {product} work was your own?",
      { "The import from the old system, mostly. It ran every night for six hours when I started, and it's eleven minutes now. Nobody misses the six hours.",
        "I designed how it works together with the payment side, and a good third of the rest. The parts I'm proud of are the boring ones: retries, reconciliation, alerts that mean something." } },
    { "What was the hardest thing about it?",
      { "That nobody could tell us what correct meant. I sat with two people from accounting for three weeks, and we wrote down 140 cases. They're still our tests.",
        "Taking it from one customer to about ninety. That was less exciting than it sounds; most of it was finding out where we had assumed that there was only one." } },
    { "What would you do differently today, if you started the {product} project again?",
      { "I'd start with fewer parts. We split it too early, and half of our incidents were between them. I was in favour of splitting at the time, so I can't blame anyone.",
        "I'd talk with the people who use it in the first week, not in the third month. We built a beautiful approval step that everybody clicks away." } },
};
static const char *const opener[] = {
    "", "", "", "Sure. ", "Good question. ", "Okay. ", "Let me think for a second. ", "Gladly. ",
};
static const char *const brief[] = {
    "", "", "", "", "Hm. ",
};
static const char *const spoken[] = {
    "Um, ", "So, ", "Well, ", "Right, so ", "Yeah, ", "Hm, okay, ",
};
static const char *const hedge[] = {
    "I haven't done that in production myself, though.", "I'd have to look up the details.", "At least that's how we did it at {company}.",
    "There's probably more to it, but that's what I'd try first.", "I'm not completely sure about the last part.",
};
static const char *const experience[] = {
    "We had exactly that at {company}, with {product}, and it took us two days to see it.", "At {previous} we learned that the hard way.",
    "I wrote it down for the team afterwards, because it wasn't the first time.", "That's what we changed at {company} two years ago, and it has held since.",
    "I can go into more detail if you like.",
};
static const char *const praise[] = {
    "That's a clear explanation, thank you.", "Thank you, that was very concrete.", "Good, I can see that you've done this before.", "That makes sense, and I like that you named the cost as well.",
    "Very good.", "Thanks, that's exactly the kind of detail I was hoping for.",
};
static const char *const neutral[] = {
    "Okay, thank you.", "I see.", "All right, thanks.", "Understood.", "Thanks, that helps.", "Okay.",
};
static const char *const patient[] = {
    "Okay.", "I see. Let me ask a little more about that.", "All right, let's stay with it for a moment.", "Understood.", "Okay, thank you.", "I see.",
};
static const char *const next[] = {
    "Next one.", "Another question.", "Let's go on.", "Something different now.", "Then the following.", "",
};
static const char *const aside[] = {
    "Sorry, could you say that again? The connection dropped for a second.",
    "May I take a minute to think?",
    "One moment please, someone is at the door.",
    "Should I go into details, or would you like the short version?",
    "Do you mean that in general, or for the kind of system you have?",
    "Can I assume that we're free to choose the tools?",
};
static const char *const aside_answer[] = {
    "Of course. {ask}",
    "Take all the time you need.",
    "No hurry, we have plenty of time.",
    "The short version first, and I'll ask where I'd like to know more.",
    "In general, please. If it depends on something, just say on what.",
    "Yes, assume that. I'm more interested in your reasons than in the product's name.",
};
static const char *const observer[] = {
    "Good moment to ask for a concrete example.", "Seems nervous, maybe an easier one in between.", "I'd like to hear more about how they would run it.",
    "Too general for me. One more on this, please.", "Five minutes left for this topic.",
};
static const char *const observer_pleased[] = {
    "Strong answer, in my opinion. I'd go on to the next topic.", "That's how we do it, too. Ask what it costs.", "Five minutes left for this topic.",
    "I'd like to have that in the notes literally.",
};
static const char *const any_questions[] = {
    "That was my last question. What would you like to know from us?", "Now it's your turn. Do you have questions?", "We're almost done. Is there anything you'd like to ask?",
};
static const char *const wants_to_know[] = {
    "How large is the team, and who would I work with in the first weeks?",
    "How do you handle on-call?",
    "What happened to the last person in this position?",
    "How much of the time is remote?",
    "What are the next steps, and when will I hear from you?",
    "Does a person really read this?",
    "What would you expect me to have done after half a year?",
};
static const char *const told[] = {
    "There are eleven people, three of them in the same city as you. In the first weeks you'd pair with somebody who has been there for years; the team will tell you who.",
    "One week in seven, with a second person behind you, and time off after a bad night. About two pages a week, last quarter.",
    "I don't know that, and I don't want to guess. I've written the question down, and the hiring manager will answer it.",
    "Two days a week in the office are usual, the rest is up to you. Some people come once a month; that's agreed in the team.",
    "The team reads our conversation within five working days, and you'll get a message either way, with reasons.",
    "Yes, two people, independently. I prepare notes with quotes, they read the conversation itself and decide.",
    "To know one part of the system so well that others ask you about it, and to have changed something that annoyed you at the beginning.",
};
static const char *const goodbye[] = {
    "Thank you very much, {name}. You'll hear from us within a week. Have a good day!",
    "Then thank you for the conversation, {name}. It was a pleasure. The team will be in touch.",
    "Thanks, {name}. I've noted everything, including your questions. Goodbye!",
};
static const char *const thanks[] = {
    "Thank you, it was more pleasant than I expected. Bye!", "Thanks for your time. Have a nice evening.", "Thank you! I'm looking forward to hearing from you.", "Thanks a lot, goodbye.",
};

static const char *const interviewers[] = { "Marta Keller", "James Okafor", "Inês Carvalho", "Tom Lindqvist", "Priya Raman", "Claire Dubois", "Anders Holm", "Ruth Feldman" };
static const char *const companies[] = {
    "Nordlicht Energie", "Kestrel Payments", "Brightwater Health", "Paperplane Logistics", "Alpenblick Versicherung", "Tallis & Roe", "Marigold Foods", "Quayside Bank",
    "Lumen Optics", "Harrow Street Media", "Ferrovia Digital", "Osprey Mobility", "Greenfield Analytics", "Sankt Georg Klinikum", "Blue Heron Travel", "Tessellate",
    "Vela Robotics", "Copper Kettle Games", "Baltic Freight", "Monsoon Retail",
};
static const char *const products[] = {
    "invoicing", "appointment", "routing", "claims", "ticketing", "metering", "checkout", "pricing", "warehouse", "loyalty", "reporting", "identity", "search", "settlement",
};

static const char *const overridden[] = {
    "The panel weighed the exercise more heavily than the model did; two reviewers agreed.", "Reviewer read the second half again: the answer on locking was better than scored.",
    "Score for communication corrected: the connection was bad, the candidate was not.",
};
static const char *const rejected[] = { "Another candidate fits the position better.", "Not enough experience with the main topic yet; invited to apply again.", "Position was filled." };
static const char *const withdrawn[] = { "Accepted another offer.", "Prefers to stay in the present position.", "Moved to another country.", "Process took too long." };
static const char *const cancelled[] = { "Candidate withdrew.", "Position is on hold.", "Interviewer was ill; a new interview was made." };
static const char *const terminated[] = { "Candidate asked for a human interviewer.", "Time limit reached.", "Candidate asked to stop." };
static const char *const failed[] = { "Model provider did not answer for ten minutes.", "Audio could not be transcribed.", "Candidate's browser lost the microphone." };

const struct demo_scenes demo_texts_scenes = {
    .system = system_prompt, .greeting = LIST(greeting), .greeting_human = LIST(greeting_human), .format = LIST(format), .format_human = LIST(format_human),
    .introduce = LIST(introduce), .introduction = LIST(introduction), .closer_look = LIST(closer_look), .opener = LIST(opener), .brief = LIST(brief),
    .spoken = LIST(spoken), .hedge = LIST(hedge), .experience = LIST(experience), .praise = LIST(praise), .neutral = LIST(neutral), .patient = LIST(patient),
    .next = LIST(next), .aside = LIST(aside), .aside_answer = LIST(aside_answer), .observer = LIST(observer), .observer_pleased = LIST(observer_pleased), .any_questions = LIST(any_questions),
    .wants_to_know = LIST(wants_to_know), .told = LIST(told), .goodbye = LIST(goodbye), .thanks = LIST(thanks), .interviewers = LIST(interviewers),
    .companies = LIST(companies), .products = LIST(products), .overridden = LIST(overridden), .rejected = LIST(rejected), .withdrawn = LIST(withdrawn),
    .cancelled = LIST(cancelled), .terminated = LIST(terminated), .failed = LIST(failed),
};
