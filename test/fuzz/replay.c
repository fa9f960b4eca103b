/*
 * replay.c
 *	  The fuzz target without a fuzzer: seeds, and random changes of them.
 *	  replay ROUNDS SEED; ends with "N passed, N failed" (a failure aborts).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct
{
	const char *bytes;
	size_t		len;
	bool		is_slow;		/* drawn one time in 64 */
}			seeds[] = {
#define SEED(s) {s, sizeof(s) - 1, false}
#define SLOW_SEED(s) {s, sizeof(s) - 1, true}
	SEED("QC1.CFLR2EWAVBM6FUKTAEAAAAAAKIJPJJF4OZAGEPREOFMO2R2JSU"),
	SEED("qc1.cjlr2ewavbm6fuktae7kvpqxjp2wr5flit6777wpxpqdnxxzce"),
	SEED("QT1.AOROWXVDIN45IHWXPINC4WUITH4GM"),
	SEED("OCRA-1:HOTP-SHA256-8:QN08\0" "83023127"),
	SEED("OCRA-1:HOTP-SHA512-8:C-QA10\0" "SIG1000000"),
	SEED("OCRA-1:HOTP-SHA1-6:QH40-T1M\0" "0123456789abcdef0123456789abcdef01234567"),
	SEED("3a2a88ea-37a7-88d1-8676-28326e704245\0shop-0\0KWD\0" "97.882\0a052d52c212fe52117cc5043ce4ec09e"),
	SEED("3a2a88ea-37a7-88d1-8676-28326e704245\0\0JPY\0" "12000\0a052d52c212fe52117cc5043ce4ec09e"),
	SEED("W\0\0\0"),
	SEED("W\1\0\0"),
	SEED("W\2\0\0\0\0"),
	SEED("W\3\0\0\0\0\0\0\0\0"),
	SLOW_SEED("W\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	SLOW_SEED("W\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	SEED("\20\1\0\0\20\0\0\1\20\0\0\100\20\1\0\377"),
	SEED("\24\0\0\1\22\0\0\1\21\0\0\2\21\1\40\2\23\0\0\1\21\0\0\2"),
	SEED("\1\1\0\4\3\0\0\1\4\0\0\2\4\0\0\3\4\0\0\1\1\1\0\4\4\0\0\1\2\1\0\30"),
};

static uint64_t state;

static uint32_t
draw(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t) (state >> 33) % below;
}

int
main(int argc, char **argv)
{
	long		rounds = argc > 1 ? atol(argv[1]) : 200000;
	long		i;

	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	for (i = 0; i < rounds; i++)
	{
		uint8_t		bytes[512];
		uint32_t	changes = draw(6);
		size_t		which;
		size_t		len;

		do
			which = draw(sizeof(seeds) / sizeof(seeds[0]));
		while (seeds[which].is_slow && draw(64) != 0);
		len = seeds[which].len;
		memcpy(bytes, seeds[which].bytes, len);
		while (changes-- > 0)
		{
			if (draw(8) == 0)
				len = draw(4) == 0 ? draw(sizeof(bytes)) : draw((uint32_t) len + 1);
			if (len > seeds[which].len)
				memset(bytes + seeds[which].len, (int) draw(256), len - seeds[which].len);
			if (len > 0)
				bytes[draw((uint32_t) len)] = (uint8_t) (draw(2) ? draw(256) : (uint32_t) "QCT1.-:A7z0\0"[draw(12)]);
		}
		LLVMFuzzerTestOneInput(bytes, len);
	}
	printf("%ld passed, 0 failed\n", rounds);
	return 0;
}
