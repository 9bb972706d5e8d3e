/*
 * Messages as libpq 15 and servers really give them, and what we make of them: the cause, what to do, and nothing that was quoted.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define AT(host) "connection to server at \"" host "\" (192.0.2.1), port 5432 failed: "
#define FATAL    AT("c4nary") "FATAL:  "
#define IS_IT_UP "\n\tIs the server running on that host and accepting TCP/IP connections?\n"

static const struct { const char *message, *says; } cases[] = {
    { FATAL "password authentication failed for user \"c4nary\"\n",                            "user and password" },
    { "connection to server at \"c4nary\" (192.0.2.1), port 5432 failed: fe_sendauth: no password supplied\n", "wants a password" },
    { FATAL "no pg_hba.conf entry for host \"192.0.2.7\", user \"c4nary\", database \"c4nary\", no encryption\n", "pg_hba.conf" },
    { FATAL "role \"c4nary\" does not exist\n",                                                "role does not exist" },
    { FATAL "role \"c4nary\" is not permitted to log in\n",                                    "may not log in" },
    { FATAL "database \"c4nary\" does not exist\n",                                            "database does not exist" },
    { FATAL "permission denied for database \"c4nary\"\nDETAIL:  User does not have CONNECT privilege.\n", "GRANT CONNECT" },
    { FATAL "database \"c4nary\" is not currently accepting connections\n",                    "takes no connections" },
    { FATAL "too many connections for role \"c4nary\"\n",                                      "no connection free" },
    { FATAL "too many connections for database \"c4nary\"\n",                                  "no connection free" },
    { FATAL "sorry, too many clients already\n",                                               "no connection free" },
    { FATAL "remaining connection slots are reserved for non-replication superuser connections\n", "no connection free" },
    { FATAL "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size\n", "pooler has no connection" },
    { FATAL "Tenant or user not found\n",                                                      "ROLE.PROJECT" },
    { FATAL "unsupported startup parameter: options\n",                                        "refuses the session settings" },
    { FATAL "no more connections allowed (max_client_conn)\n",                                 "max_client_conn" },
    { FATAL "the database system is starting up\n",                                            "is starting" },
    { FATAL "the database system is not yet accepting connections\nDETAIL:  Consistent recovery state has not been yet reached.\n", "is starting" },
    { FATAL "the database system is in recovery mode\n",                                       "recovering" },
    { AT("c4nary") "SSL error: certificate verify failed\n",                                   "sslrootcert" },
    { AT("c4nary") "root certificate file \"/home/c4nary/.postgresql/root.crt\" does not exist\n"
      "Either provide the file or change sslmode to disable server certificate verification.\n", "sslrootcert" },
    { AT("c4nary") "server certificate for \"localhost\" does not match host name \"c4nary\"\n", "another host name" },
    { AT("c4nary") "server does not support SSL, but SSL was required\n",                      "does not offer TLS" },
    { AT("c4nary") "SSL SYSCALL error: EOF detected\n",                                        "TLS handshake" },
    { "could not translate host name \"c4nary\" to address: Name or service not known\n",      "does not resolve" },
    { "could not translate host name \"c4nary\" to address: No address associated with hostname\n", "does not resolve" },
    { "connection to server at \"c4nary\" (2001:db8::1), port 5432 failed: Network is unreachable" IS_IT_UP, "IPv6" },
    { "connection to server at \"c4nary\" (2001:db8::1), port 5432 failed: Cannot assign requested address" IS_IT_UP, "IPv6" },
    { "could not create socket: Address family not supported by protocol\n",                   "IPv6" },
    { AT("c4nary") "No route to host" IS_IT_UP,                                                "IPv6" },
    { AT("c4nary") "Connection refused" IS_IT_UP,                                              "nothing listens" },
    { "connection to server on socket \"/run/c4nary/.s.PGSQL.5432\" failed: No such file or directory"
      "\n\tIs the server running locally and accepting connections on that socket?\n",         "no server socket" },
    { AT("c4nary") "timeout expired\n",                                                        "in time" },
    { AT("c4nary") "Connection timed out" IS_IT_UP,                                            "in time" },
    { AT("c4nary") "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n", "closed the connection" },
    { "invalid port number: \"c4nary\"\n",                                                     "could not be made" },
    { "",                                                                                      "could not be made" },
};

static void causes_are_found_and_nothing_is_repeated(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *got = failure_cause(cases[i].message);

        if (!strstr(got, cases[i].says))
            fail_msg("%s: %s", cases[i].message, got);
        assert_null(strstr(got, "c4nary"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(causes_are_found_and_nothing_is_repeated) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
