/*
 * The handler does the one thing that is safe there.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/stop.h"

#include <signal.h>

volatile bool stop_asked;

static void asked(int signo)
{
    (void)signo;
    stop_asked = true;
}

void stop_on(const int *signals)
{
    struct sigaction sa = { .sa_handler = asked };

    sigemptyset(&sa.sa_mask);
    for (; *signals; signals++)
        sigaction(*signals, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
}
