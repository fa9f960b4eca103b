/*
 * store.c
 *	  The sealed file: one credential, its PIN, the count of wrong PINs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

/* What to do without what the store held, or without any. */
static const char *
hint_again(const Store *store)
{
	if (store->state == STORE_NONE)
		return "Ask the bank for a new download link and run: qrwallet download. "
			"A payer keeps a key with qrwallet keep, or pays with --package.";
	if (store->cred.kind == CREDENTIAL_PAYER)
		return "Pay with a new capture and --package, or keep the key again: qrwallet keep";
	return "Ask the bank for a new download link and run: qrwallet download";
}

/* Makes every missing directory above the last component. */
static bool
make_directories(char *path)
{
	char	   *p;

	for (p = path + 1; *p != '\0'; p++)
	{
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
		{
			*p = '/';
			return false;
		}
		*p = '/';
	}
	return true;
}

static bool
default_path(char *out, size_t size)
{
	const char *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	int			n = -1;

	/* the XDG specification has a relative path ignored */
	if (data != NULL && data[0] == '/')
		n = snprintf(out, size, "%s/qrwallet/wallet", data);
	else if (home != NULL && home[0] == '/')
		n = snprintf(out, size, "%s/.local/share/qrwallet/wallet", home);
	return n > 0 && (size_t) n < size;
}

Outcome
store_find(Store *store, QcMac *mac, const char *path, bool create)
{
	char		full[PATH_MAX];
	const char *dir = ".";
	char	   *slash;
	bool		standard = path == NULL;

	store->mac = mac;
	store->lock_fd = -1;
	store->dir_fd = -1;
	if (standard ? !default_path(full, sizeof(full)) : strlen(path) >= sizeof(full))
	{
		complain("Name the store file with --store.", "no usable path for the store file");
		return OUT_USAGE;
	}
	if (!standard)
		strcpy(full, path);
	if (create && !make_directories(full))
	{
		complain("Name another file with --store.",
				 "cannot make the directory of the store file: %s", strerror(errno));
		return OUT_BAD;
	}
	slash = strrchr(full, '/');
	if (slash != NULL)
	{
		*slash = '\0';
		dir = slash == full ? "/" : full;
	}
	path = slash == NULL ? full : slash + 1;
	/* room for the name of the lock and of the file being written */
	if (path[0] == '\0' || strcmp(path, ".") == 0 || strcmp(path, "..") == 0 ||
		strlen(path) + sizeof(".lock") > sizeof(store->base))
	{
		complain("Name the store file with --store.", "the store is not the name of a file");
		return OUT_USAGE;
	}
	strcpy(store->base, path);

	store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir_fd < 0 && (create || errno != ENOENT))
	{
		complain("Look at the directory's permissions, or name another file with --store.",
				 "cannot open the directory of the store file: %s", strerror(errno));
		return OUT_BAD;
	}
	if (standard && create)
		(void) fchmod(store->dir_fd, 0700);
	return OUT_OK;
}

/* NULL when the file was read; else why not. */
static const char *
read_file(Store *store, size_t *len)
{
	int			fd = openat(store->dir_fd, store->base,
							O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	*len = 0;
	if (fd < 0)
		return errno == ELOOP ? "it is a symbolic link" : strerror(errno);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
	{
		(void) close(fd);
		return "it is not an ordinary file";
	}
	if ((st.st_mode & 077) != 0)
	{
		complain("If a copy may exist, have the bank freeze the credential.",
				 "the store file could be read or changed by others; its mode is now 0600");
		(void) fchmod(fd, 0600);
	}
	while (*len < sizeof(store->work))
	{
		ssize_t		n = read(fd, store->work + *len, sizeof(store->work) - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
		{
			const char *why = strerror(errno);

			(void) close(fd);
			return why;
		}
		if (n == 0)
			break;
		*len += (size_t) n;
	}
	(void) close(fd);
	return NULL;
}

/* Whoever reads the file sees the old one or the new one, also after a crash. */
static Outcome
write_file(Store *store)
{
	char		temp[NAME_MAX + 1];
	size_t		len = 0;
	size_t		done = 0;
	int			fd;
	int			err;
	bool		ok;

	snprintf(temp, sizeof(temp), "%.*s.new", (int) sizeof(temp) - 5, store->base);
	ok = format_write(store->mac, &store->image, store->work, &len);
	/* left over from a crash; the lock says that nobody else writes it */
	(void) unlinkat(store->dir_fd, temp, 0);
	fd = openat(store->dir_fd, temp,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ok = ok && fd >= 0 && fchmod(fd, 0600) == 0;
	while (ok && done < len)
	{
		ssize_t		n = write(fd, store->work + done, len - done);

		if (n > 0)
			done += (size_t) n;
		else if (n == 0 || errno != EINTR)
			ok = false;
	}
	ok = ok && fsync(fd) == 0;
	ok = ok && renameat(store->dir_fd, temp, store->dir_fd, store->base) == 0;
	ok = ok && fsync(store->dir_fd) == 0;
	err = errno;
	if (fd >= 0)
		(void) close(fd);
	if (ok)
		return OUT_OK;
	(void) unlinkat(store->dir_fd, temp, 0);
	complain("Make room, or look at the permissions of its directory; "
			 "without counting tries on the disk the wallet does not look at a PIN.",
			 "cannot write the store file: %s", strerror(err));
	return OUT_BAD;
}

Outcome
store_take(Store *store)
{
	char		lock[NAME_MAX + 1];
	struct stat st;
	const char *why;
	size_t		len;

	store->state = STORE_NONE;
	if (store->dir_fd < 0)
		return OUT_OK;
	snprintf(lock, sizeof(lock), "%.*s.lock", (int) sizeof(lock) - 6, store->base);
	store->lock_fd = openat(store->dir_fd, lock,
							O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	while (store->lock_fd >= 0 && flock(store->lock_fd, LOCK_EX) != 0)
	{
		int			err = errno;

		if (err == EINTR)
			continue;
		store_drop(store);
		errno = err;
	}
	if (store->lock_fd < 0)
	{
		complain("Look at the permissions of its directory, or name another file with --store.",
				 "cannot lock the store file: %s", strerror(errno));
		return OUT_BAD;
	}
	if (fstatat(store->dir_fd, store->base, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
		errno == ENOENT)
		return OUT_OK;
	why = read_file(store, &len);
	if (why != NULL)
	{
		complain("Look at the file's owner and permissions, or name another file with --store.",
				 "cannot read the store file: %s", why);
		store->state = STORE_DAMAGED;
		return OUT_BAD;
	}
	if (!format_read(store->mac, store->work, len, &store->image) ||
		!format_open_read(&store->image, &store->cred))
		store->state = STORE_DAMAGED;
	else
		store->state = store->image.wrong < PIN_TRIES ? STORE_SEALED : STORE_CLOSED;
	return OUT_OK;
}

void
store_drop(Store *store)
{
	/* closing the descriptor gives the lock back; the file of the lock stays */
	if (store->lock_fd >= 0)
		(void) close(store->lock_fd);
	store->lock_fd = -1;
}

int
store_tries_left(const Store *store)
{
	return PIN_TRIES - store->image.wrong;
}

/* Nothing that a PIN could open remains in the file. */
static Outcome
erase_sealed(Store *store)
{
	Image	   *image = &store->image;

	store->cred.first_open = false;
	format_open(&store->cred, image);
	qc_wipe(image->sealed, sizeof(image->sealed));
	qc_wipe(image->salt, SALT_LEN);
	qc_wipe(image->nonce, NONCE_LEN);
	qc_wipe(image->check, CHECK_LEN);
	qc_wipe(image->tag, TAG_LEN);
	image->sealed_len = 0;
	image->wrong = PIN_TRIES;
	store->state = STORE_CLOSED;
	return write_file(store);
}

Outcome
store_usable(Store *store)
{
	switch (store->state)
	{
		case STORE_NONE:
			complain(hint_again(store), "there is no credential here");
			return OUT_BAD;
		case STORE_DAMAGED:
			complain("Ask the bank for a new download link and run: qrwallet download --replace",
					 "the store file is damaged");
			return OUT_BAD;
		case STORE_CLOSED:
			/* the third try was cut off before it could do this */
			if (store->image.sealed_len > 0)
				(void) erase_sealed(store);
			complain(hint_again(store), "the wallet is closed after %d wrong PINs", PIN_TRIES);
			return OUT_CLOSED;
		case STORE_SEALED:
			break;
	}
	return OUT_OK;
}

static Outcome
no_memory(void)
{
	complain("Close other programs and try again; this try was not counted.",
			 "no memory for the PIN's 128 MiB");
	return OUT_USAGE;
}

Outcome
store_try(Store *store, const char *pin)
{
	Image	   *image = &store->image;
	Outcome		out = store_usable(store);

	if (out != OUT_OK)
		return out;
	image->wrong++;
	out = write_file(store);
	if (out != OUT_OK)
		return out;

	if (!seal_derive(pin, image->salt, &store->key))
	{
		/* nothing was compared, so nothing was learnt */
		image->wrong--;
		(void) write_file(store);
		return no_memory();
	}
	if (!qc_equal(store->key.check, image->check, CHECK_LEN))
	{
		if (image->wrong < PIN_TRIES)
		{
			complain(NULL, "wrong PIN; %d more and the wallet is closed",
					 store_tries_left(store));
			return OUT_WRONG_PIN;
		}
		(void) erase_sealed(store);
		complain(hint_again(store), "wrong PIN; the wallet is closed now");
		return OUT_CLOSED;
	}

	image->wrong = 0;
	out = write_file(store);
	if (out != OUT_OK)
		return out;
	/* the PIN is right, so a wrong tag means that somebody changed the file */
	if (!seal_open(&store->key, image->nonce, store->work,
				   format_aad(image, store->work),
				   image->sealed, image->sealed_len, image->tag, store->secret) ||
		!format_secret_read(store->secret, image->sealed_len, &store->cred))
	{
		store->state = STORE_DAMAGED;
		return store_usable(store);
	}
	qc_wipe(store->secret, sizeof(store->secret));
	return OUT_OK;
}

/* A nonce is never used twice with a key. */
static Outcome
seal_and_write(Store *store)
{
	Image	   *image = &store->image;
	bool		ok;

	image->wrong = 0;
	memcpy(image->check, store->key.check, CHECK_LEN);
	format_open(&store->cred, image);
	image->sealed_len = format_secret(&store->cred, store->secret);
	ok = seal_random(image->nonce, NONCE_LEN) &&
		seal_close(&store->key, image->nonce, store->work,
				   format_aad(image, store->work),
				   store->secret, image->sealed_len, image->sealed, image->tag);
	qc_wipe(store->secret, sizeof(store->secret));
	if (!ok)
	{
		complain("Try again.", "cannot seal the credential");
		return OUT_BAD;
	}
	store->state = STORE_SEALED;
	return write_file(store);
}

Outcome
store_seal(Store *store, const char *pin)
{
	if (!seal_random(store->image.salt, SALT_LEN) ||
		!seal_derive(pin, store->image.salt, &store->key))
		return no_memory();
	return seal_and_write(store);
}

Outcome
store_reseal(Store *store)
{
	return seal_and_write(store);
}
