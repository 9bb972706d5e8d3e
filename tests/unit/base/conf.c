/*
 * Settings: which source wins, what each refusal says, and that no secret is ever said.
 * Runs in a directory of its own, with keelson.conf in it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/proc.h"

#define CANARY "postgresql://api:c4nary-p%40ss@db.example/app"

static struct arena memory = ARENA;
static struct conf conf;
static struct err err;
static char directory[] = "/tmp/keelson-unit-XXXXXX";

static int setup(void **state)
{
    (void)state;
    for (char **at = environ; *at;) {           /* whoever runs the tests may have settings */
        struct span rest = span_of(*at), name = span_cut(&rest, '=');

        if (span_starts(name, SPAN("KEELSON_")) || span_is(name, "DATABASE_URL"))
            unsetenv(arena_strdup(&memory, name));
        else
            at++;
    }
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&memory);
    return chdir("/") == 0 && proc_rmtree(directory, &err) ? 0 : -1;
}

static void file(const char *text, mode_t mode)
{
    assert_true(proc_write_file("keelson.conf", span_of(text), mode, 0, 0, &err));
}

/* Flags as "name", "value", ..., NULL. */
static bool load(const char *path, const char *const *flags)
{
    struct conf_flag list[8] = { { NULL, NULL } };
    size_t n = 0;

    for (; flags && flags[2 * n]; n++)
        list[n] = (struct conf_flag){ flags[2 * n], flags[2 * n + 1] };
    err_clear(&err);
    return conf_load(&memory, path, list, n, &conf, &err);
}

#define FLAGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct conf_line *line(const char *name)
{
    struct conf_line *lines;
    size_t n = conf_lines(&memory, &conf, &lines);

    for (size_t i = 0; i < n; i++)
        if (strcmp(lines[i].name, name) == 0)
            return &lines[i];
    fail_msg("no setting %s", name);
    return NULL;
}

static void defaults_are_those_of_the_design(void **state)
{
    (void)state;
    assert_true(load(NULL, NULL));
    assert_string_equal(conf.listen, "127.0.0.1:8080");
    assert_null(conf.database_url);
    assert_null(conf.data_dir);
    assert_string_equal(conf.migrate_dir, "migrations");
    assert_false(conf.migrate);
    assert_int_equal(conf.pool_size, 10);
    assert_int_equal(conf.pool_overflow, 20);
    assert_int_equal(conf.pool_timeout, 30 * USEC_S);
    assert_int_equal(conf.pool_recycle, 3600 * USEC_S);
    assert_int_equal(conf.query_timeout, 5 * USEC_S);
    assert_int_equal(conf.limit_json, 1 << 20);
    assert_int_equal(conf.limit_messages, 16 << 20);
    assert_int_equal(conf.limit_file, 25 << 20);
    assert_int_equal(conf.http_header_timeout, 10 * USEC_S);
    assert_int_equal(conf.trash_keep, 30 * 86400 * USEC_S);
    assert_int_equal(conf.rate_key, 0);
    assert_int_equal(conf.log_level, LOG_INFO);
    assert_int_equal(conf.log_format, LOG_LOGFMT);
}

static void the_table_is_sound(void **state)
{
    struct conf_line *lines;
    size_t n;

    (void)state;
    assert_true(load(NULL, NULL));
    n = conf_lines(&memory, &conf, &lines);
    assert_true(n > 30);
    for (size_t i = 0; i < n; i++) {
        char *flag = arena_printf(&memory, "--%s", lines[i].name);
        bool is_bool = false;

        print_message("%s\n", lines[i].name);
        assert_string_equal(lines[i].source, "default");
        assert_string_equal(lines[i].value, lines[i].def);              /* written as it is shown */
        assert_int_equal(lines[i].doc[strlen(lines[i].doc) - 1], '.');
        assert_int_equal(strspn(lines[i].name, "abcdefghijklmnopqrstuvwxyz."), strlen(lines[i].name));
        for (char *p = flag; *p; p++)
            *p = *p == '.' ? '-' : *p;
        assert_string_equal(conf_flag_name(flag, &is_bool), lines[i].name);
        assert_int_equal(is_bool, strcmp(lines[i].name, "migrate") == 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(lines[i].name, lines[k].name);
    }
    assert_null(conf_flag_name("--nonsense", &(bool){ false }));
    assert_null(conf_flag_name("pool-size", &(bool){ false }));
    assert_null(conf_flag_name("--pool.size", &(bool){ false }));
}

static void flag_over_environment_over_file_over_default(void **state)
{
    (void)state;
    file("# of the test\n\n  pool.size = 11\npool.overflow=12\r\npool.timeout =  5s  \n"
         "migrate.dir = a = b # c\n", 0644);
    setenv("KEELSON_POOL_SIZE", "21", 1);
    setenv("KEELSON_POOL_OVERFLOW", "22", 1);
    setenv("KEELSON_LOG_FORMAT", "", 1);                                /* empty: not set */
    assert_true(load(NULL, FLAGS("pool.size", "31", "pool.size", "32", "migrate", "true")));
    assert_int_equal(conf.pool_size, 32);
    assert_int_equal(conf.pool_overflow, 22);
    assert_int_equal(conf.pool_timeout, 5 * USEC_S);
    assert_string_equal(conf.migrate_dir, "a = b # c");
    assert_true(conf.migrate);
    assert_string_equal(line("pool.size")->source, "flag");
    assert_string_equal(line("pool.size")->value, "32");
    assert_string_equal(line("pool.overflow")->source, "environment");
    assert_string_equal(line("pool.timeout")->source, "file");
    assert_string_equal(line("pool.timeout")->value, "5s");
    assert_string_equal(line("pool.timeout")->def, "30s");
    assert_string_equal(line("log.format")->source, "default");
    unsetenv("KEELSON_POOL_SIZE");
    unsetenv("KEELSON_POOL_OVERFLOW");
    unsetenv("KEELSON_LOG_FORMAT");
    assert_return_code(rename("keelson.conf", "other.conf"), 0);
    assert_true(load(NULL, NULL));
    assert_int_equal(conf.pool_size, 10);
    assert_true(load("other.conf", NULL));
    assert_int_equal(conf.pool_size, 11);
    assert_return_code(unlink("other.conf"), 0);
}

static void a_bad_file_is_named_with_its_line(void **state)
{
    static const struct { const char *text, *message; } cases[] = {
        { "\npool.sise = 1\n",
          "keelson.conf:2: no setting is called \"pool.sise\" (did you mean pool.size?); `keelson config` lists them" },
        { "KEELSON_POOL_SIZE=1",
          "keelson.conf:1: no setting is called \"KEELSON_POOL_SIZE\" (did you mean pool.size?); "
          "`keelson config` lists them" },
        { "nonsense-beyond-all = 1",
          "keelson.conf:1: no setting is called \"nonsense-beyond-all\"; `keelson config` lists them" },
        { "[pool]", "keelson.conf:1: no '=' in this line: write name = value" },
        { "pool.size = 1\npool.size = 2", "keelson.conf:2: pool.size is set twice: keep one of the lines" },
        { "pool.size =", "keelson.conf:1: pool.size: \"\" is not a whole number; allowed: 1 to 500" },
        { "pool.size = 0", "keelson.conf:1: pool.size: \"0\" is too small; allowed: 1 to 500" },
        { "pool.timeout = 11m", "keelson.conf:1: pool.timeout: \"11m\" is too large; allowed: 1ms to 10m" },
        { "log.level = \x1b[2Jloud", "keelson.conf:1: log.level: \"?[2Jloud\" is none of the choices; "
                                     "allowed: debug, info, warn, error" },
        { "migrate = maybe", "keelson.conf:1: migrate: \"maybe\" is neither true nor false; allowed: true, false" },
        { "listen = 8080", "keelson.conf:1: listen: \"8080\" has no port: write ADDRESS:PORT, as in 127.0.0.1:8080" },
        { "database.url = " CANARY, "keelson.conf:1: database.url is a secret and others may read this file: "
                                    "chmod 600 it, or use DATABASE_URL" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        file(cases[i].text, 0640);
        assert_false(load(NULL, NULL));
        assert_string_equal(err.message, cases[i].message);
        assert_int_equal(err.kind, E_USAGE);
    }
    file("pool.size = 0", 0600);
    assert_false(load(NULL, FLAGS("pool.size", "5")));                  /* wrong, though nothing depends on it */
    assert_return_code(unlink("keelson.conf"), 0);
    assert_false(load("missing.conf", NULL));
    assert_string_equal(err.message, "configuration file missing.conf: No such file or directory");
    assert_false(load("/", NULL));
    assert_int_equal(err.kind, E_USAGE);
}

static void a_bad_variable_is_named(void **state)
{
    static const struct { const char *name, *value, *message; } cases[] = {
        { "KEELSON_POOL_SIZE", "many", "KEELSON_POOL_SIZE: \"many\" is not a whole number; allowed: 1 to 500" },
        { "KEELSON_QUERY_TIMEOUT", "5", "KEELSON_QUERY_TIMEOUT: \"5\" has no unit: "
                                        "write it as 500ms, 30s, 5m, 1h or 30d; allowed: 1ms to 1h" },
        { "KEELSON_POOLSIZE", "5", "no setting belongs to the environment variable KEELSON_POOLSIZE "
                                   "(did you mean KEELSON_POOL_SIZE?); `keelson config` lists them" },
        { "KEELSON_DATABASE_URL", CANARY, "no setting belongs to the environment variable KEELSON_DATABASE_URL "
                                          "(did you mean DATABASE_URL?); `keelson config` lists them" },
        { "KEELSON_PORT", "8080", "no setting belongs to the environment variable KEELSON_PORT; "
                                  "`keelson config` lists them" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        setenv(cases[i].name, cases[i].value, 1);
        assert_false(load(NULL, NULL));
        assert_string_equal(err.message, cases[i].message);
        assert_int_equal(err.kind, E_USAGE);
        unsetenv(cases[i].name);
    }
}

/* Kubernetes describes a service called keelson to every pod; clients have variables of their own. */
static void variables_of_others_are_left_alone(void **state)
{
    static const char *const others[][2] = {
        { "KEELSON_PORT", "tcp://10.0.0.1:8080" },       { "KEELSON_SERVICE_HOST", "10.0.0.1" },
        { "KEELSON_PORT_8080_TCP_ADDR", "10.0.0.1" },    { "KEELSON_API_KEY", "kept" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        setenv(others[i][0], others[i][1], 1);
    assert_true(load(NULL, NULL));
    assert_string_equal(getenv("KEELSON_API_KEY"), "kept");
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        unsetenv(others[i][0]);
}

static void bad_flags(void **state)
{
    (void)state;
    assert_false(load(NULL, FLAGS("pool.size", "501")));
    assert_string_equal(err.message, "--pool-size: \"501\" is too large; allowed: 1 to 500");
    assert_false(load(NULL, FLAGS("pool.sizes", "5")));
    assert_non_null(strstr(err.message, "did you mean pool.size?"));
    assert_false(load(NULL, FLAGS("migrate.dir", "")));
    assert_string_equal(err.message, "--migrate-dir: \"\" is empty");
    assert_false(load(NULL, FLAGS("pool.lanes", "4", "pool.size", "3")));
    assert_string_equal(err.message, "pool.lanes (4) is more than pool.size (3), of which lanes are a part: "
                                     "lower the one or raise the other");
}

static void secrets_are_no_flags(void **state)
{
    (void)state;
    assert_string_equal(conf_flag_name("--database-url", &(bool){ false }), "database.url");
    assert_false(load(NULL, FLAGS("database.url", CANARY)));
    assert_int_equal(err.kind, E_USAGE);
    assert_string_equal(err.message, "--database-url: a secret on the command line is seen by everybody on the "
                                     "machine: set the environment variable DATABASE_URL instead");
    assert_false(load(NULL, FLAGS("owner.url", CANARY)));
    assert_non_null(strstr(err.message, "KEELSON_OWNER_URL"));
    assert_null(strstr(err.message, "c4nary"));
}

static void secrets_are_masked_wiped_and_guarded(void **state)
{
    char *value;
    struct buf b = BUF(1000);

    (void)state;
    setenv("DATABASE_URL", CANARY, 1);
    value = getenv("DATABASE_URL");
    assert_true(load(NULL, NULL));
    assert_string_equal(conf.database_url, CANARY);
    assert_string_equal(line("database.url")->value, "***");
    assert_string_equal(line("database.url")->source, "environment");
    assert_string_equal(line("owner.url")->value, "");
    assert_null(getenv("DATABASE_URL"));
    for (size_t i = 0; i < strlen(CANARY); i++)
        assert_int_equal(value[i], 0);                                  /* the bytes /proc/PID/environ shows */
    assert_true(log_redact(&b, SPAN("connect " CANARY " failed")));
    assert_string_equal(buf_cstr(&b), "connect *** failed");
    setenv("DATABASE_URL", "c4nary\nsecond line", 1);
    assert_false(load(NULL, NULL));
    assert_string_equal(err.message, "DATABASE_URL: the value is not one line of UTF-8 text");
    assert_null(getenv("DATABASE_URL"));
    file("database.url = " CANARY "\n", 0600);
    assert_true(load(NULL, NULL));
    assert_string_equal(conf.database_url, CANARY);
    assert_string_equal(line("database.url")->source, "file");
    assert_return_code(unlink("keelson.conf"), 0);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_design),
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(flag_over_environment_over_file_over_default),
        cmocka_unit_test(a_bad_file_is_named_with_its_line),
        cmocka_unit_test(a_bad_variable_is_named),
        cmocka_unit_test(variables_of_others_are_left_alone),
        cmocka_unit_test(bad_flags),
        cmocka_unit_test(secrets_are_no_flags),
        cmocka_unit_test(secrets_are_masked_wiped_and_guarded),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
