/*
 * guard.c
 *	  Keeps secrets inside this process and wipes them when it ends.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "core/mac.h"
#include "guard.h"

#define SPACE_SIZE	(2 * 1024 * 1024)

/* What guard_malloc() puts before a block, as large as the strictest alignment. */
typedef union BlockHead
{
	size_t		size;
	long double align;
} BlockHead;

static uint8_t *space;
static size_t space_used;

static volatile sig_atomic_t terminal_fd = -1;
static struct termios terminal_saved;

static void
wipe_space(void)
{
	if (space != NULL)
		qc_wipe(space, SPACE_SIZE);
}

/* Only calls that are safe in a signal handler. */
static void
end_by_signal(int sig)
{
	if (terminal_fd >= 0)
		(void) tcsetattr(terminal_fd, TCSANOW, &terminal_saved);
	wipe_space();
	(void) signal(sig, SIG_DFL);
	(void) raise(sig);
}

bool
guard_start(void)
{
	static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};
	struct rlimit none = {0, 0};
	struct sigaction act;
	size_t		i;

	(void) setrlimit(RLIMIT_CORE, &none);
	/* a core_pattern that is a pipe ignores the limit, but not this */
	(void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);

	space = mmap(NULL, SPACE_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (space == MAP_FAILED)
	{
		space = NULL;
		return false;
	}
	/* best effort: a small memlock limit must not stop the wallet */
	(void) mlock(space, SPACE_SIZE);
	(void) madvise(space, SPACE_SIZE, MADV_DONTDUMP);
	(void) madvise(space, SPACE_SIZE, MADV_DONTFORK);
	(void) atexit(wipe_space);

	memset(&act, 0, sizeof(act));
	act.sa_handler = end_by_signal;
	(void) sigfillset(&act.sa_mask);
	/* raise() inside the handler must reach the default action at once */
	act.sa_flags = SA_NODEFER;
	for (i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
	{
		(void) sigdelset(&act.sa_mask, ending[i]);
		(void) sigaction(ending[i], &act, NULL);
	}
	return true;
}

void *
guard_space(size_t size)
{
	size_t		rounded = (size + 63) & ~(size_t) 63;
	void	   *p;

	if (space == NULL || rounded < size || rounded > SPACE_SIZE - space_used)
		return NULL;
	p = space + space_used;
	space_used += rounded;
	return p;
}

void
guard_terminal(int fd, const struct termios *saved)
{
	terminal_saved = *saved;
	terminal_fd = fd;
}

void
guard_terminal_done(void)
{
	terminal_fd = -1;
}

void *
guard_malloc(size_t size)
{
	BlockHead  *head;

	if (size > SIZE_MAX - sizeof(BlockHead))
		return NULL;
	head = malloc(sizeof(BlockHead) + size);
	if (head == NULL)
		return NULL;
	head->size = size;
	return head + 1;
}

void
guard_free(void *p)
{
	BlockHead  *head;

	if (p == NULL)
		return;
	head = (BlockHead *) p - 1;
	qc_wipe(p, head->size);
	free(head);
}
