/*
 * guard.h
 *	  Keeps secrets inside this process and wipes them when it ends.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stddef.h>

struct termios;

/*
 * Ends core dumps and tracing by others, and prepares the space for secrets.
 * Afterwards /dev/fd and /dev/stdin can no longer be opened, so files named
 * by the user are opened before.  False when there is no memory.
 */
bool		guard_start(void);

/*
 * Zeroed space for a secret: locked into memory where the system allows it,
 * left out of dumps, wiped at exit and at a signal that ends the program.
 * Never given back.  NULL when the space is used up.
 */
void	   *guard_space(size_t size);

/* A signal that ends the program also gives the terminal back its echo. */
void		guard_terminal(int fd, const struct termios *saved);
void		guard_terminal_done(void);

/* malloc and free for libraries that hold secrets: free wipes. */
void	   *guard_malloc(size_t size);
void		guard_free(void *p);

#endif
