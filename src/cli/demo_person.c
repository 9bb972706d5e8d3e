/*
 * A person is drawn in one go; everything else about them only formats what was drawn.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_person.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "cli/demo_random.h"

#define STREAM       1
#define YEAR         2025                    /* resumes are dated from here backwards, so that they do not change with the day */
#define RESUME_BYTES ((size_t)64 * 1024)

static const char *pick(struct demo_random *r, const struct demo_list *l)
{
    return l->of[demo_random_below(r, l->n)];
}

static const char *latin(const struct demo_name *n)
{
    return n->latin ? n->latin : n->native;
}

/* "given.family17@example.org": letters and digits only. */
static const char *address(struct arena *a, const struct demo_person *p)
{
    static const char *const domains[] = { "example.com", "example.org", "example.net" };
    char local[96];
    size_t n = 0;
    const char *parts[] = { latin(p->given), ".", latin(p->family) };

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        for (const char *c = parts[i]; *c && n < sizeof local - 1; c++)
            if (isalnum((unsigned char)*c) || *c == '.')
                local[n++] = (char)tolower((unsigned char)*c);
    local[n] = '\0';
    return arena_printf(a, "%s%d@%s", local, p->number, domains[p->number % (int)ARRAY_LEN(domains)]);
}

/* Six different skills in an order of their own, the first being the strongest. */
static void draw_skills(struct demo_random *r, struct demo_person *p)
{
    int all[ARRAY_LEN(p->role->skills)];

    for (int i = 0; i < (int)ARRAY_LEN(all); i++)
        all[i] = i;
    for (int i = 0; i < (int)ARRAY_LEN(p->skills); i++) {
        int at = demo_random_between(r, i, (int)ARRAY_LEN(all) - 1), taken = all[at];

        all[at] = all[i];
        p->skills[i] = all[i] = taken;
    }
    p->skill = p->role->skills[p->skills[0]];
}

static void draw_work(struct demo_random *r, struct demo_person *p)
{
    const struct demo_list *companies = &demo_texts_scenes.companies;
    int now = demo_random_below(r, companies->n), before = demo_random_below(r, companies->n - 1);

    p->company = companies->of[now];
    p->previous = companies->of[before + (before >= now)];
    p->product = pick(r, &demo_texts_scenes.products);
    p->years = demo_random_between(r, 2, 19);
    /* Sum of three draws: most are in the middle. */
    p->ability = demo_random_below(r, 34) + demo_random_below(r, 34) + demo_random_below(r, 35);
}

void demo_person_make(struct arena *a, uint64_t seed, int number, struct demo_person *out)
{
    struct demo_random r = demo_random_of(seed, STREAM, (uint64_t)number);
    struct demo_person *p = out;

    *p = (struct demo_person){ .seed = seed, .number = number };
    p->people = &demo_texts_people[demo_random_below(&r, demo_texts_npeople)];
    p->role = &demo_texts_roles[demo_random_below(&r, demo_texts_nroles)];
    p->given = &p->people->given[demo_random_below(&r, p->people->ngiven)];
    p->family = &p->people->family[demo_random_below(&r, p->people->nfamily)];
    p->city = p->people->cities[demo_random_below(&r, (int)ARRAY_LEN(p->people->cities))];
    p->study = p->people->study[demo_random_below(&r, (int)ARRAY_LEN(p->people->study))];
    draw_skills(&r, p);
    draw_work(&r, p);
    p->spoken = latin(p->given);
    p->latin = arena_printf(a, "%s %s", latin(p->given), latin(p->family));
    p->full_name = p->people->family_first ? arena_printf(a, "%s %s", p->family->native, p->given->native)
                                           : arena_printf(a, "%s %s", p->given->native, p->family->native);
    p->email = address(a, p);
    p->phone = arena_printf(a, "%s%02d", p->people->phone, p->number % 100);
}

/* ---- texts about them ---- */

struct span demo_person_fill(struct arena *a, const struct demo_person *p, const char *text, const char *ask)
{
    const struct { const char *name, *value; } names[] = {
        { "{name}", p->spoken }, { "{company}", p->company }, { "{previous}", p->previous }, { "{product}", p->product }, { "{city}", p->city },
        { "{skill}", p->skill }, { "{role}", p->role->title }, { "{study}", p->study }, { "{years}", arena_printf(a, "%d", p->years) }, { "{ask}", ask },
    };
    struct buf b = BUF(RESUME_BYTES);
    struct span done;

    while (*text) {
        size_t plain = strcspn(text, "{"), skip = 0;

        buf_add(&b, (struct span){ text, plain });
        text += plain;
        for (size_t i = 0; i < ARRAY_LEN(names) && skip == 0; i++)
            if (names[i].value && strncmp(text, names[i].name, strlen(names[i].name)) == 0) {
                buf_str(&b, names[i].value);
                skip = strlen(names[i].name);
            }
        if (skip == 0 && *text)
            buf_char(&b, text[skip++]);
        text += skip;
    }
    done = arena_span(a, buf_span(&b));
    buf_free(&b);
    return done;
}

static const char *headline(struct arena *a, const struct demo_person *p)
{
    return arena_printf(a, "%s, %d years, %s and %s", p->role->label, p->years, p->skill, p->role->skills[p->skills[1]]);
}

static void member(struct json_out *o, const char *key, const char *value)
{
    json_key(o, key);
    json_cstring(o, value);
}

void demo_person_candidate(struct json_out *o, const struct demo_person *p, const char *status)
{
    static const char *const sources[] = { "careers-page", "referral", "linkedin", "university", "agency", "careers-page", "meetup" };
    static const char *const tags[] = { "remote", "relocation", "senior", "part-time", "second-application" };
    struct demo_random r = demo_random_of(p->seed, STREAM + 1, (uint64_t)p->number);
    struct arena a = ARENA;

    json_open(o, '{');
    member(o, "full_name", p->full_name);
    member(o, "given_name", p->given->native);
    member(o, "family_name", p->family->native);
    member(o, "email", p->email);
    member(o, "phone", p->phone);
    member(o, "locale", p->people->locale);
    member(o, "timezone", p->people->timezone);
    member(o, "country", p->people->country);
    member(o, "headline", headline(&a, p));
    member(o, "source", sources[demo_random_below(&r, (int)ARRAY_LEN(sources))]);
    member(o, "external_ref", arena_printf(&a, "ATS-%d", 10000 + p->number));
    member(o, "status", status);
    json_key(o, "tags");
    json_open(o, '[');
    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        if (i == 2 ? p->years > 8 : demo_random_chance(&r, 18))
            json_cstring(o, tags[i]);
    json_close(o, ']');
    json_key(o, "metadata");
    json_open(o, '{');
    member(o, "position", p->role->title);
    json_key(o, "notice_weeks");
    json_int(o, 2 * demo_random_between(&r, 0, 6));
    json_key(o, "demo");
    json_raw(o, span_of(arena_printf(&a, "{\"seed\":%llu,\"number\":%d}", (unsigned long long)p->seed, p->number)));
    json_close(o, '}');
    json_close(o, '}');
    arena_free(&a);
}

/* ---- resumes ---- */

static int first_year(const struct demo_person *p)
{
    return YEAR - p->years;
}

static int change_year(const struct demo_person *p)         /* from the previous employer to the present one */
{
    return YEAR - (p->years + 2) / 3;
}

static void work_lines(struct json_out *o, struct arena *a, const struct demo_person *p, int from, int n)
{
    json_key(o, "highlights");
    json_open(o, '[');
    for (int i = 0; i < n; i++)
        json_string(o, demo_person_fill(a, p, p->role->work[(p->skills[0] + from + i) % (int)ARRAY_LEN(p->role->work)], NULL));
    json_close(o, ']');
}

static void work(struct json_out *o, struct arena *a, const struct demo_person *p, int edition)
{
    json_key(o, "work");
    json_open(o, '[');
    if (edition > 1) {
        json_open(o, '{');
        member(o, "name", p->company);
        member(o, "position", p->role->label);
        member(o, "location", p->city);
        member(o, "startDate", arena_printf(a, "%d-0%d-01", change_year(p), 1 + p->number % 9));
        work_lines(o, a, p, 0, 3);
        json_close(o, '}');
    }
    json_open(o, '{');
    member(o, "name", p->previous);
    member(o, "position", p->years > 6 ? p->role->label : "Trainee, then engineer");
    member(o, "startDate", arena_printf(a, "%d-09-01", first_year(p)));
    if (edition > 1)
        member(o, "endDate", arena_printf(a, "%d-12-31", change_year(p) - 1));
    work_lines(o, a, p, 3, 2);
    json_close(o, '}');
    json_close(o, ']');
}

static void basics(struct json_out *o, struct arena *a, const struct demo_person *p)
{
    json_key(o, "basics");
    json_open(o, '{');
    member(o, "name", p->full_name);
    member(o, "label", p->role->label);
    member(o, "email", p->email);
    member(o, "phone", p->phone);
    member(o, "url", arena_printf(a, "https://%.*s.example.net", (int)strcspn(p->email, "@"), p->email));
    json_key(o, "summary");
    json_string(o, demo_person_fill(a, p, "I have worked with {skill} for most of {years} years, at present at {company} on {product}. "
                                          "I like systems that are boring to run.", NULL));
    json_key(o, "location");
    json_open(o, '{');
    member(o, "city", p->city);
    member(o, "countryCode", p->people->country);
    json_close(o, '}');
    json_close(o, '}');
}

static const char *institution(const struct demo_person *p)        /* as it stands in a list, not in a sentence */
{
    return strncmp(p->study, "the ", 4) == 0 ? p->study + 4 : p->study;
}

static void education(struct json_out *o, struct arena *a, const struct demo_person *p)
{
    static const char *const areas[] = { "Computer Science", "Mathematics", "Electrical Engineering", "Physics", "Information Systems", "Economics", "Linguistics" };
    int year = first_year(p);

    json_key(o, "education");
    json_open(o, '[');
    json_open(o, '{');
    member(o, "institution", institution(p));
    member(o, "area", areas[p->number % (int)ARRAY_LEN(areas)]);
    member(o, "studyType", p->number % 3 ? "Bachelor" : "Master");
    member(o, "startDate", arena_printf(a, "%d-10-01", year - (p->number % 3 ? 3 : 5)));
    member(o, "endDate", arena_printf(a, "%d-07-31", year));
    json_close(o, '}');
    json_close(o, ']');
}

static void skills(struct json_out *o, const struct demo_person *p, int n, bool objects)
{
    static const char *const levels[] = { "Expert", "Advanced", "Advanced", "Intermediate", "Intermediate", "Beginner" };

    json_key(o, "skills");
    json_open(o, '[');
    for (int i = 0; i < n; i++) {
        if (!objects) {
            json_cstring(o, p->role->skills[p->skills[i]]);
            continue;
        }
        json_open(o, '{');
        member(o, "name", p->role->skills[p->skills[i]]);
        member(o, "level", levels[i]);
        json_close(o, '}');
    }
    json_close(o, ']');
}

static void languages(struct json_out *o, const struct demo_person *p)
{
    bool english = strcmp(p->people->language, "English") == 0;

    json_key(o, "languages");
    json_open(o, '[');
    json_open(o, '{');
    member(o, "language", p->people->language);
    member(o, "fluency", "Native");
    json_close(o, '}');
    if (!english) {
        json_open(o, '{');
        member(o, "language", "English");
        member(o, "fluency", p->number % 2 ? "Fluent" : "Professional");
        json_close(o, '}');
    }
    json_close(o, ']');
}

struct span demo_person_text(struct arena *a, const struct demo_person *p)
{
    struct buf b = BUF(RESUME_BYTES);
    struct span text;

    buf_printf(&b, "%s\n%s\n%s, %s\n%s  %s\n\nExperience\n\n", p->full_name, p->role->label, p->city, p->people->country, p->email, p->phone);
    buf_printf(&b, "%s, %s, since %d\n", p->company, p->role->label, change_year(p));
    for (int i = 0; i < 3; i++)
        buf_printf(&b, "- %s\n", p->role->work[(p->skills[0] + i) % (int)ARRAY_LEN(p->role->work)]);
    buf_printf(&b, "\n%s, %d to %d\n", p->previous, first_year(p), change_year(p) - 1);
    for (int i = 3; i < 5; i++)
        buf_printf(&b, "- %s\n", p->role->work[(p->skills[0] + i) % (int)ARRAY_LEN(p->role->work)]);
    buf_printf(&b, "\nEducation\n\n%s, %d\n\nSkills\n\n", institution(p), first_year(p));
    for (int i = 0; i < (int)ARRAY_LEN(p->skills); i++)
        buf_printf(&b, "%s%s", i ? ", " : "", p->role->skills[p->skills[i]]);
    buf_printf(&b, "\n\nLanguages\n\n%s\n", p->people->language);
    text = demo_person_fill(a, p, buf_cstr(&b), NULL);
    buf_free(&b);
    return text;
}

void demo_person_resume(struct json_out *o, struct arena *a, const struct demo_person *p, struct span candidate, int edition)
{
    json_open(o, '{');
    json_key(o, "candidate_id");
    json_string(o, candidate);
    member(o, "source", p->number % 5 == 0 ? "email" : p->number % 7 == 0 ? "linkedin" : "upload");
    member(o, "parse_status", "parsed");
    member(o, "language", "en");
    skills(o, p, edition > 1 ? 6 : 4, false);
    json_key(o, "parsed");
    json_open(o, '{');
    member(o, "$schema", "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json");
    basics(o, a, p);
    work(o, a, p, edition);
    education(o, a, p);
    skills(o, p, edition > 1 ? 6 : 4, true);
    languages(o, p);
    json_close(o, '}');
    json_key(o, "raw_text");
    json_string(o, demo_person_text(a, p));
    json_close(o, '}');
}
