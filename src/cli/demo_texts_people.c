/*
 * Names, places and universities.  The people are invented; telephone numbers come from ranges without subscribers where a
 * country has one.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/attr.h"
#include "cli/demo_texts.h"

typedef const struct demo_name names[];

static names us_given = { { "Emily", NULL }, { "Marcus", NULL }, { "Hannah", NULL }, { "Tyler", NULL }, { "Denise", NULL }, { "Andre", NULL }, { "Rachel", NULL }, { "Luis", NULL }, { "Grace", NULL }, { "Noah", NULL } };
static names us_family = { { "Carter", NULL }, { "Washington", NULL }, { "Nguyen", NULL }, { "Ramirez", NULL }, { "Goldberg", NULL }, { "O'Brien", "obrien" }, { "Patel", NULL }, { "Jackson", NULL }, { "Kowalski", NULL }, { "Brooks", NULL } };
static names gb_given = { { "Oliver", NULL }, { "Siân", "Sian" }, { "Imogen", NULL }, { "Rhys", NULL }, { "Aisha", NULL }, { "Callum", NULL }, { "Fiona", NULL }, { "Jamal", NULL }, { "Harriet", NULL }, { "Niamh", NULL } };
static names gb_family = { { "Thornton", NULL }, { "Evans", NULL }, { "MacLeod", NULL }, { "Begum", NULL }, { "Fairweather", NULL }, { "Singh", NULL }, { "Whitby", NULL }, { "Adeyemi", NULL }, { "Llewellyn", NULL }, { "Hughes", NULL } };
static names de_given = { { "Jürgen", "Juergen" }, { "Anneliese", NULL }, { "Björn", "Bjoern" }, { "Käthe", "Kaethe" }, { "Lukas", NULL }, { "Franziska", NULL }, { "Thorben", NULL }, { "Zeynep", NULL }, { "Matthias", NULL }, { "Lea", NULL } };
static names de_family = { { "Müller", "Mueller" }, { "Schäfer", "Schaefer" }, { "Groß", "Gross" }, { "Yılmaz", "Yilmaz" }, { "Vogel", NULL }, { "Weiß", "Weiss" }, { "Krüger", "Krueger" }, { "Hoffmann", NULL }, { "Böhm", "Boehm" }, { "Engel", NULL } };
static names fr_given = { { "Chloé", "Chloe" }, { "Benoît", "Benoit" }, { "Anaïs", "Anais" }, { "Mathéo", "Matheo" }, { "Hélène", "Helene" }, { "Youssef", NULL }, { "Gaëlle", "Gaelle" }, { "François", "Francois" } };
static names fr_family = { { "Lefèvre", "Lefevre" }, { "Garçon", "Garcon" }, { "Moreau", NULL }, { "Benali", NULL }, { "Rousseau", NULL }, { "Chevalier", NULL }, { "Fournier", NULL }, { "Péron", "Peron" } };
static names es_given = { { "Íñigo", "Inigo" }, { "Lucía", "Lucia" }, { "Begoña", "Begona" }, { "Martín", "Martin" }, { "Noelia", NULL }, { "Joaquín", "Joaquin" }, { "Carmen", NULL }, { "Álvaro", "Alvaro" } };
static names es_family = { { "Núñez", "Nunez" }, { "García", "Garcia" }, { "Ibáñez", "Ibanez" }, { "Castro", NULL }, { "Peña", "Pena" }, { "Etxeberria", NULL }, { "Morales", NULL }, { "Vázquez", "Vazquez" } };
static names pl_given = { { "Łukasz", "Lukasz" }, { "Agnieszka", NULL }, { "Paweł", "Pawel" }, { "Małgorzata", "Malgorzata" }, { "Jakub", NULL }, { "Zofia", NULL }, { "Michał", "Michal" }, { "Elżbieta", "Elzbieta" } };
static names pl_family = { { "Wójcik", "Wojcik" }, { "Zieliński", "Zielinski" }, { "Dąbrowska", "Dabrowska" }, { "Kaczmarek", NULL }, { "Szymański", "Szymanski" }, { "Król", "Krol" }, { "Wróbel", "Wrobel" }, { "Pawlak", NULL } };
static names se_given = { { "Åsa", "Asa" }, { "Björn", "Bjorn" }, { "Linnéa", "Linnea" }, { "Sören", "Soren" }, { "Elin", NULL }, { "Håkan", "Hakan" }, { "Freja", NULL }, { "Nils", NULL } };
static names se_family = { { "Sjöberg", "Sjoberg" }, { "Lindström", "Lindstrom" }, { "Åkesson", "Akesson" }, { "Holm", NULL }, { "Bergqvist", NULL }, { "Öberg", "Oberg" }, { "Nyström", "Nystrom" }, { "Dahl", NULL } };
static names br_given = { { "João", "Joao" }, { "Conceição", "Conceicao" }, { "Thiago", NULL }, { "Beatriz", NULL }, { "Antônio", "Antonio" }, { "Larissa", NULL }, { "Caetano", NULL }, { "Iara", NULL } };
static names br_family = { { "Gonçalves", "Goncalves" }, { "Araújo", "Araujo" }, { "Silva", NULL }, { "Falcão", "Falcao" }, { "Nascimento", NULL }, { "Simões", "Simoes" }, { "Ribeiro", NULL }, { "Tanaka", NULL } };
static names in_given = { { "Priya", NULL }, { "Arjun", NULL }, { "Meenakshi", NULL }, { "Rohan", NULL }, { "Kavya", NULL }, { "Sanjay", NULL }, { "Fatima", NULL }, { "Vikram", NULL } };
static names in_family = { { "Iyer", NULL }, { "Chatterjee", NULL }, { "Reddy", NULL }, { "Sharma", NULL }, { "Khan", NULL }, { "Nair", NULL }, { "Deshpande", NULL }, { "Gill", NULL } };
static names tr_given = { { "Gökçe", "Gokce" }, { "İbrahim", "Ibrahim" }, { "Şebnem", "Sebnem" }, { "Çağlar", "Caglar" }, { "Elif", NULL }, { "Oğuz", "Oguz" } };
static names tr_family = { { "Öztürk", "Ozturk" }, { "Şahin", "Sahin" }, { "Çelik", "Celik" }, { "Aydın", "Aydin" }, { "Güneş", "Gunes" }, { "Doğan", "Dogan" } };
static names jp_given = { { "陽菜", "Hina" }, { "健太", "Kenta" }, { "さくら", "Sakura" }, { "大輔", "Daisuke" }, { "美咲", "Misaki" }, { "翔", "Sho" }, { "恵子", "Keiko" }, { "拓海", "Takumi" } };
static names jp_family = { { "山田", "Yamada" }, { "佐藤", "Sato" }, { "渡辺", "Watanabe" }, { "小林", "Kobayashi" }, { "中村", "Nakamura" }, { "斎藤", "Saito" }, { "高橋", "Takahashi" }, { "森", "Mori" } };
static names cn_given = { { "小明", "Xiaoming" }, { "丽华", "Lihua" }, { "伟", "Wei" }, { "雨桐", "Yutong" }, { "建国", "Jianguo" }, { "静怡", "Jingyi" } };
static names cn_family = { { "王", "Wang" }, { "陈", "Chen" }, { "刘", "Liu" }, { "欧阳", "Ouyang" }, { "赵", "Zhao" }, { "林", "Lin" } };
static names kr_given = { { "민준", "Minjun" }, { "서연", "Seoyeon" }, { "지훈", "Jihoon" }, { "하은", "Haeun" }, { "영호", "Youngho" }, { "수빈", "Subin" } };
static names kr_family = { { "김", "Kim" }, { "이", "Lee" }, { "박", "Park" }, { "최", "Choi" }, { "정", "Jung" }, { "윤", "Yoon" } };
static names ar_given = { { "ليلى", "Layla" }, { "يوسف", "Yusuf" }, { "مريم", "Maryam" }, { "خالد", "Khalid" }, { "نور", "Nour" }, { "أحمد", "Ahmad" }, { "سلمى", "Salma" }, { "عمر", "Omar" } };
static names ar_family = { { "حداد", "Haddad" }, { "المصري", "Almasri" }, { "منصور", "Mansour" }, { "خوري", "Khoury" }, { "النجار", "Alnajjar" }, { "صالح", "Saleh" }, { "زيدان", "Zidan" }, { "العلي", "Alali" } };
static names gr_given = { { "Ελένη", "Eleni" }, { "Γιώργος", "Giorgos" }, { "Κατερίνα", "Katerina" }, { "Νίκος", "Nikos" } };
static names gr_family = { { "Παπαδοπούλου", "Papadopoulou" }, { "Νικολάου", "Nikolaou" }, { "Βλάχος", "Vlachos" }, { "Ιωάννου", "Ioannou" } };
static names ua_given = { { "Олена", "Olena" }, { "Андрій", "Andrii" }, { "Софія", "Sofiia" }, { "Тарас", "Taras" }, { "Ірина", "Iryna" }, { "Максим", "Maksym" } };
static names ua_family = { { "Шевченко", "Shevchenko" }, { "Ковальчук", "Kovalchuk" }, { "Бондаренко", "Bondarenko" }, { "Мельник", "Melnyk" }, { "Кравець", "Kravets" }, { "Лисенко", "Lysenko" } };
static names ng_given = { { "Chidinma", NULL }, { "Tunde", NULL }, { "Ngozi", NULL }, { "Emeka", NULL }, { "Folake", NULL }, { "Ibrahim", NULL } };
static names ng_family = { { "Okonkwo", NULL }, { "Adébáyọ̀", "Adebayo" }, { "Eze", NULL }, { "Balogun", NULL }, { "Musa", NULL }, { "Nwosu", NULL } };
static names vn_given = { { "Minh Anh", "Minh Anh" }, { "Đức", "Duc" }, { "Thảo", "Thao" }, { "Quốc Bảo", "Quoc Bao" } };
static names vn_family = { { "Nguyễn", "Nguyen" }, { "Trần", "Tran" }, { "Lê", "Le" }, { "Phạm", "Pham" } };

#define PEOPLE(x) x##_given, x##_family, ARRAY_LEN(x##_given), ARRAY_LEN(x##_family)

const struct demo_people demo_texts_people[] = {
    { "en-US", "US", "America/New_York",    "+1-212-555-01",   { "Boston", "Austin", "Chicago", "Pittsburgh" },   { "Ohio State University", "Georgia Tech" },             "English",    false, PEOPLE(us) },
    { "en-GB", "GB", "Europe/London",       "+44-20-7946-09",  { "Leeds", "Bristol", "Cardiff", "Glasgow" },      { "the University of Leeds", "Cardiff University" },     "English",    false, PEOPLE(gb) },
    { "de-DE", "DE", "Europe/Berlin",       "+49-30-23125-1",  { "Berlin", "Leipzig", "Köln", "München" },        { "TU Dresden", "RWTH Aachen" },                         "German",     false, PEOPLE(de) },
    { "de-AT", "AT", "Europe/Vienna",       "+43-1-5550-1",    { "Wien", "Graz", "Linz", "Salzburg" },            { "TU Wien", "TU Graz" },                                "German",     false, PEOPLE(de) },
    { "fr-FR", "FR", "Europe/Paris",        "+33-1-99-00-1",   { "Lyon", "Nantes", "Lille", "Toulouse" },         { "INSA Lyon", "Université de Nantes" },                 "French",     false, PEOPLE(fr) },
    { "es-ES", "ES", "Europe/Madrid",       "+34-91-555-1",    { "Madrid", "València", "Bilbao", "Málaga" },      { "Universidad de Málaga", "UPV València" },             "Spanish",    false, PEOPLE(es) },
    { "pl-PL", "PL", "Europe/Warsaw",       "+48-22-555-1",    { "Kraków", "Wrocław", "Gdańsk", "Łódź" },         { "AGH Kraków", "Politechnika Wrocławska" },             "Polish",     false, PEOPLE(pl) },
    { "sv-SE", "SE", "Europe/Stockholm",    "+46-8-465-004-",  { "Göteborg", "Malmö", "Uppsala", "Umeå" },        { "Chalmers", "Umeå universitet" },                      "Swedish",    false, PEOPLE(se) },
    { "pt-BR", "BR", "America/Sao_Paulo",   "+55-11-5550-1",   { "São Paulo", "Recife", "Curitiba", "Florianópolis" }, { "USP", "UFPE" },                                  "Portuguese", false, PEOPLE(br) },
    { "en-IN", "IN", "Asia/Kolkata",        "+91-80-5550-1",   { "Bengaluru", "Pune", "Hyderabad", "Chennai" },   { "IIT Madras", "BITS Pilani" },                         "Hindi",      false, PEOPLE(in) },
    { "tr-TR", "TR", "Europe/Istanbul",     "+90-212-555-1",   { "İstanbul", "İzmir", "Ankara", "Bursa" },        { "ODTÜ", "Ege Üniversitesi" },                          "Turkish",    false, PEOPLE(tr) },
    { "ja-JP", "JP", "Asia/Tokyo",          "+81-3-5550-1",    { "Tokyo", "Osaka", "Fukuoka", "Sapporo" },       { "Osaka University", "Kyushu University" },              "Japanese",   true,  PEOPLE(jp) },
    { "zh-CN", "CN", "Asia/Shanghai",       "+86-21-5550-1",   { "Shanghai", "Hangzhou", "Chengdu", "Shenzhen" }, { "Zhejiang University", "Sichuan University" },        "Chinese",    true,  PEOPLE(cn) },
    { "ko-KR", "KR", "Asia/Seoul",          "+82-2-5550-1",    { "Seoul", "Busan", "Daejeon", "Gwangju" },        { "Pusan National University", "Chungnam University" }, "Korean",     true,  PEOPLE(kr) },
    { "ar-JO", "JO", "Asia/Amman",          "+962-6-555-1",    { "Amman", "Irbid", "Zarqa", "Aqaba" },            { "the University of Jordan", "Yarmouk University" },    "Arabic",     false, PEOPLE(ar) },
    { "el-GR", "GR", "Europe/Athens",       "+30-21-0555-1",   { "Athens", "Patras", "Thessaloniki", "Heraklion" }, { "NTU Athens", "the University of Patras" },          "Greek",      false, PEOPLE(gr) },
    { "uk-UA", "UA", "Europe/Kyiv",         "+380-44-555-1",   { "Kyiv", "Lviv", "Kharkiv", "Odesa" },            { "Kyiv Polytechnic", "Lviv Polytechnic" },              "Ukrainian",  false, PEOPLE(ua) },
    { "en-NG", "NG", "Africa/Lagos",        "+234-1-555-1",    { "Lagos", "Ibadan", "Abuja", "Enugu" },           { "the University of Ibadan", "UNN" },                   "English",    false, PEOPLE(ng) },
    { "vi-VN", "VN", "Asia/Ho_Chi_Minh",    "+84-28-5550-1",   { "Hà Nội", "Đà Nẵng", "Huế", "Cần Thơ" },         { "Hanoi University of Science", "the University of Da Nang" }, "Vietnamese", true,  PEOPLE(vn) },
};

const int demo_texts_npeople = ARRAY_LEN(demo_texts_people);
