/*
 * loginname.c
 *	  Digests and seals of login names.
 */
#include "qrcred.h"

#include "core/keys.h"
#include "loginname.h"
#include "master.h"
#include "seal.h"

int
qr_login_digest(int kid, const char *name, uint8 digest[QC_SHA256_LEN])
{
	uint8		master[QC_KEY_LEN];
	uint8		key[QC_KEY_LEN];
	QcPart		part = {name, strlen(name)};
	QcStatus	status;

	kid = qr_master(kid, master);
	status = qc_master_key(qr_mac(), master, QC_MASTER_LOGIN, key);
	qc_wipe(master, sizeof(master));
	if (status == QC_OK)
		status = qc_hmac(qr_mac(), QC_SHA256, key, sizeof(key), &part, 1,
						 digest, QC_SHA256_LEN);
	qc_wipe(key, sizeof(key));
	qr_check(status, "login");
	return kid;
}

bool
qr_login_by_name(const char *name, QrLogin *login)
{
	int			n;
	int		   *kids = qr_login_kids(&n);
	bool		is_found = false;
	int			i;

	/* every key is tried, so that the answer's time does not tell which fits */
	for (i = 0; i < n; i++)
	{
		uint8		digest[QC_SHA256_LEN];
		QrLogin		found;

		(void) qr_login_digest(kids[i], name, digest);
		if (!qr_login_find(kids[i], digest, &found))
			continue;
		*login = found;
		is_found = true;
	}
	return is_found;
}

void
qr_login_name(QrLogin *login, const char *name)
{
	QrPlace		place = {"login", "name", login->login_id, 0};

	place.kid = login->kid = qr_login_digest(0, name, login->digest);
	login->name = qr_seal(&place, name, strlen(name));
}

int64
qr_nobody(const char *name)
{
	uint8		digest[QC_SHA256_LEN];

	(void) qr_login_digest(0, name, digest);
	return QR_NOBODY_OWNER(qc_get_u16(digest) >> 4);
}
