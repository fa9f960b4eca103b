/*
 * keyring.c
 *	  Which master key, read from where, kept how long, wiped when.
 *
 * Keys and the text they were read from live in static storage, never in a
 * memory context, so that there is one place to wipe: it is kept out of swap
 * and core dumps where the system allows that.  The text is wiped before any
 * error leaves this file, the keys with it: a keyring is whole or empty.
 *
 * Messages name the settings, never the path or the command: whoever scans
 * codes may see a message but not these settings.  The log gets the path.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/keyring.h"
#include "keyring/parse.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#define PAGE_BYTES		4096	/* a larger page only loses madvise and mlock */
#define TEXT_BYTES		(16 * PAGE_BYTES)

#define HINT_MAKE \
	"Make a key with \"openssl rand -hex 32\", write it as a line \"1 <key>\" " \
	"into a file that only the server's user can read, set qrcred.keyring_file " \
	"to that file and reload the configuration."
#define HINT_LINE \
	"A line is a key id from 1 to 255, white space, 64 hexadecimal digits, and " \
	"optionally the word \"current\"; # starts a comment."

static char *keyring_file = NULL;
static char *keyring_command = NULL;

static struct
{
	uint8_t		key[QR_KID_MAX + 1][QC_KEY_LEN];	/* by kid; at 0 the derived one */
	char		text[TEXT_BYTES];	/* only while reading */
}			secret __attribute__((aligned(PAGE_BYTES)));

static QrKeyIndex key_index;
static bool loaded = false;		/* secret.key and key_index are a whole keyring */
static TimestampTz loaded_at;	/* PgReloadTime of that reading */
static uint64_t epoch = 0;
static int	derived_kid = 0;		/* what the derived key was made from; 0: there is none */
static bool prepared = false;	/* this process has done prepare_storage() */

static void
forget_keys(void)
{
	loaded = false;
	derived_kid = 0;
	qc_wipe(secret.key, sizeof(secret.key));
	memset(&key_index, 0, sizeof(key_index));
}

static void
forget_at_exit(int code, Datum arg)
{
	forget_keys();
	qc_wipe(secret.text, sizeof(secret.text));
}

/*
 * Once in each process, not in _PG_init: a preloaded library's exit callbacks
 * and memory locks do not come through fork.  A system that refuses either
 * call is no worse off than without them.
 */
static void
prepare_storage(void)
{
	if (prepared)
		return;
	on_proc_exit(forget_at_exit, (Datum) 0);
	(void) mlock(secret.key, sizeof(secret.key));
	(void) mlock(secret.text, sizeof(secret.text));
#ifdef MADV_DONTDUMP
	(void) madvise(&secret, sizeof(secret), MADV_DONTDUMP);
#endif
	prepared = true;
}

static bool
is_set(const char *setting)
{
	return setting != NULL && setting[0] != '\0';
}

/* Fills secret.text from fd, past every buffer that could not be wiped. */
static size_t
read_text(int fd, const char *setting)
{
	size_t		len = 0;

	for (;;)
	{
		ssize_t		n = read(fd, secret.text + len, sizeof(secret.text) - len);

		if (n == 0)
			return len;
		if (n < 0)
		{
			if (errno != EINTR)
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("could not read the keyring that %s names: %m",
								setting)));
			CHECK_FOR_INTERRUPTS();
			continue;
		}
		len += n;
		if (len == sizeof(secret.text))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the keyring that %s names is not shorter than %d bytes",
							setting, TEXT_BYTES),
					 errhint(HINT_LINE)));
	}
}

/* As strict as the server is with ssl_key_file. */
static void
check_file(int fd, const char *path)
{
	struct stat st;
	mode_t		allowed;

	if (fstat(fd, &st) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not stat the file that qrcred.keyring_file names: %m"),
				 errdetail_log("The file is \"%s\".", path)));
	if (!S_ISREG(st.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("qrcred.keyring_file does not name a regular file"),
				 errdetail_log("It is set to \"%s\".", path),
				 errhint(HINT_MAKE)));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the file that qrcred.keyring_file names must be owned by the server's user or root"),
				 errdetail_log("The file is \"%s\".", path),
				 errhint("Change its owner; whoever owns it could change it.")));

	/* root's file may be lent to the server through its group */
	allowed = S_IRUSR | S_IWUSR;
	if (st.st_uid == 0)
		allowed |= S_IRGRP;
	if ((st.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO) & ~allowed) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the permissions of the file that qrcred.keyring_file names are too wide"),
				 errdetail_log("The file is \"%s\".", path),
				 errhint("Set its permissions to u=rw (0600) or less if the server's user owns it, to u=rw,g=r (0640) or less if root does.")));
}

/* The descriptor that is read is the one that was checked: no race. */
static size_t
read_file(void)
{
	char		path[MAXPGPATH];
	int			fd;
	size_t		len;

	if (is_absolute_path(keyring_file))
		strlcpy(path, keyring_file, sizeof(path));
	else
		snprintf(path, sizeof(path), "%s/%s", DataDir, keyring_file);

	/* O_NONBLOCK: a FIFO is to be refused below, not waited for here */
	fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not open the file that qrcred.keyring_file names: %m"),
				 errdetail_log("The file is \"%s\".", path),
				 errhint(HINT_MAKE)));
	check_file(fd, path);
	len = read_text(fd, "qrcred.keyring_file");
	CloseTransientFile(fd);
	return len;
}

/* As ssl_passphrase_command is run: stdout is read, stderr goes to the log. */
static size_t
read_command(void)
{
	FILE	   *stream;
	size_t		len;
	int			rc;

	stream = OpenPipeStream(keyring_command, "r");
	if (stream == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not run qrcred.keyring_command: %m")));
	len = read_text(fileno(stream), "qrcred.keyring_command");
	rc = ClosePipeStream(stream);
	if (rc == -1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not end qrcred.keyring_command: %m")));
	if (rc != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("qrcred.keyring_command failed"),
				 errdetail_internal("%s", wait_result_to_str(rc)),
				 errhint("The server's log holds what the command wrote to its standard error.")));
	return len;
}

static size_t
read_source(void)
{
	bool		from_file = is_set(keyring_file);
	bool		from_command = is_set(keyring_command);

	if (from_file && from_command)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("qrcred.keyring_file and qrcred.keyring_command are both set"),
				 errhint("Keep one of them and reload the configuration.")));
	if (!from_file && !from_command)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is no master key: neither qrcred.keyring_file nor qrcred.keyring_command is set"),
				 errhint(HINT_MAKE)));
	return from_file ? read_file() : read_command();
}

static void
read_keyring(void)
{
	prepare_storage();
	forget_keys();
	epoch++;
	loaded_at = PgReloadTime;

	PG_TRY();
	{
		size_t		len = read_source();
		int			line;
		const char *fault;

		fault = qr_keyring_parse(secret.text, len, secret.key, &key_index, &line);
		if (fault && line == 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the keyring is empty"),
					 errdetail("%s", fault),
					 errhint(HINT_MAKE)));
		if (fault)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("line %d of the keyring is wrong", line),
					 errdetail("%s", fault),
					 errhint(HINT_LINE)));
	}
	PG_CATCH();
	{
		qc_wipe(secret.text, sizeof(secret.text));
		forget_keys();
		PG_RE_THROW();
	}
	PG_END_TRY();
	qc_wipe(secret.text, sizeof(secret.text));
	loaded = true;
}

static inline void
need_keyring(void)
{
	if (!loaded || loaded_at != PgReloadTime)
		read_keyring();
}

int
qr_keyring_current(void)
{
	need_keyring();
	return key_index.current;
}

bool
qr_keyring_has(int kid)
{
	need_keyring();
	return kid >= 1 && kid <= QR_KID_MAX && key_index.present[kid];
}

void
qr_keyring_get(int kid, uint8_t key[QC_KEY_LEN])
{
	if (!qr_keyring_has(kid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("master key %d is not in the keyring", kid),
				 errhint("Put its line back and reload the configuration. A key id is never used again for another key.")));
	memcpy(key, secret.key[kid], QC_KEY_LEN);
}

void
qr_keyring_keep_derived(int kid, const uint8_t key[QC_KEY_LEN])
{
	if (!qr_keyring_has(kid))
		return;
	memcpy(secret.key[0], key, QC_KEY_LEN);
	derived_kid = kid;
}

bool
qr_keyring_get_derived(int kid, uint8_t key[QC_KEY_LEN])
{
	if (!qr_keyring_has(kid) || derived_kid != kid)
		return false;
	memcpy(key, secret.key[0], QC_KEY_LEN);
	return true;
}

uint64_t
qr_keyring_epoch(void)
{
	return epoch;
}

/* The keys stay in place, unusable, until the next use wipes and reads. */
static void
assign_source(const char *newval, void *extra)
{
	loaded = false;
}

void
qr_keyring_init(void)
{
	DefineCustomStringVariable("qrcred.keyring_file",
							   "File that holds the master keys of qrcred.",
							   "One key a line: a key id from 1 to 255, white space, 64 hexadecimal digits, and "
							   "optionally the word \"current\"; without it the highest key id is current, and # "
							   "starts a comment. The file must belong to the server's user (mode 0600 or less) or "
							   "to root (0640 or less); a relative path starts at the data directory. It is read at "
							   "a session's first use of a key and again after a reload. Excludes "
							   "qrcred.keyring_command.",
							   &keyring_file,
							   "",
							   PGC_SIGHUP,
							   GUC_SUPERUSER_ONLY,
							   NULL, assign_source, NULL);
	DefineCustomStringVariable("qrcred.keyring_command",
							   "Shell command that prints the master keys of qrcred.",
							   "Its standard output is read as qrcred.keyring_file would be, and never logged; it "
							   "must exit with 0 and is waited for, so let it end by itself. Every session runs it "
							   "at its first use of a key and again after a reload. Keep no secret in the command "
							   "itself: until the library is loaded in a session, anyone there can show the "
							   "setting. Excludes qrcred.keyring_file.",
							   &keyring_command,
							   "",
							   PGC_SIGHUP,
							   GUC_SUPERUSER_ONLY,
							   NULL, assign_source, NULL);
}
