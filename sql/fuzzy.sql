-- What a payer's wallet computes: the payment digest, the fuzzy commitment and
-- its key.  Known answers of the protocol's vectors, then refusals.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS qrcred CASCADE;
RESET client_min_messages;

CREATE TEMP TABLE known (n serial, code text, secret bytea, credential_id int8, kid int, generation int, step int8, key bytea,
    payment_id text, payee text, currency text, amount text, nonce text, digest bytea, biometric text);
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\x5ed8abc6b8e33855bb3951076082c820', 2094948605975777619, 87, 1, 27447995, '\xb61e2935a3474697d41b8b645ffe10a675ce66c40bc42f2a25dd0b303e1edd3e',
    '3a2a88ea-37a7-88d1-8676-28326e704245', 'shop-0', 'KWD', '97.882', 'a052d52c212fe52117cc5043ce4ec09e',
    '\x1e4e15441d40bb9321b46b6690eac8b20398650a93af39fd816fed16aa557e78', 'QC1.CRLR2EWAVBM6FUKTAEA2FUV35DQ2E3VSUY4DHU6NHPRHJHKS3A');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\xcd59831bad0fdabd4627c9f46958c380', 8176611123994581056, 52, 1, 34294381, '\xb7016b76d1a133c508cd792f9f0ddf1d25143579b29435805b459570cbe310d1',
    'e2fecab9-675e-8b62-8a38-164cee508fb7', 'shop-1', 'JPY', '4196813', 'b945bb1b24332842cbb1440da1ede372',
    '\x12dc4f8f9f1c5e9e423d4e6adac4c6de79ed23e637546ba0a6b2af5f144881a8', 'QC1.CQ2HC6JIP3UDIWCAAEBAWSTN7FHNMNUYB3ELODVCURXEUIZH6I');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\xf24cbcc1deabff9a5b2283d368289320', 7298486647850865729, 91, 92, 38307450, '\x3b8056f6d828a9507c87a97263b6251a768dcd596ad9648e46f44447c2fbe121',
    'ca9cc7ff-b65f-8d37-ab0f-1bba2128f57b', 'shop-2', 'KWD', '24.224', '51ce875a076c56d3d5c9b67ea28d3d44',
    '\x751bbb9d96d91ee6058b91decdb11f7feb0ad3850fbd881e3b6778d642750294', 'QC1.CRNWKSLO57VRKFCBLQBERBT2BH2TYU7AFESLNYWWJNFEB6IXGQ');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\x21d4d223d2fba466f2f7c058a90fcdc0', 413269968941480762, 146, 83, 51700449, '\xe9503a3ee3ec9162b839b009a309140fdf2317116b13b6afc7ddccfe6cd0d01e',
    '0b7c1123-4d05-8a4f-9b29-32855a781382', 'Café Zoë', 'JPY', '6503218', '5eb1a0bb92adfbccb0ae13faff9d9e50',
    '\x201b51490c1ecef5739cdde7e75de6f7eede8658127f2a7608c613bbffe29ee1', 'QC1.CSJALPB23DPRP6Z2KMBRJYXB4EUO5APJJZCGXEV3BVMDSXOKGU');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\x0434b82f01cf6b2745905b3fbc810e80', 8637067437465425483, 172, 222, 29419163, '\x88f810235fbbb1038706fc1fb661c6dc68afb4510b2fdbdc52638a78b1556463',
    'efb29d1f-d219-82fb-a1a7-151f1f4b13b7', '商户 A', 'CNY', '6347.54', 'dd0fd086c94853601cf68ed6452e727c',
    '\x71b8d9e0d6e7eaa14332a00f1a594a77c7d1bf4bc7020483a8c668a49c424633', 'QC1.CSWHPXIHCK7TQVSL3YA4BZU3HNZMOR2PYKQ4DOBHKJKB2FIFWM');
INSERT INTO known VALUES (DEFAULT, 'bch511_76', '\x1da6a68474322d9ef130', 7299684879835548067, 156, 2, 35663992, '\xe5ca7591a1290c7babd9671bb6290dc7c2e8a200e9ebc69d3d2bb451153ee4c0',
    'ca9db342-f59b-847d-970b-e6d1712a4396', 'shop-5', 'KWD', '55.488', '32a3f6413cee6f201a7edb4680323993',
    '\x2623e1ac61e926da3b593314b45ec3736408b20329649c5aeeaefa6159b8818d', 'QC1.CSOGKTNQXEFOGSNDAIBCAMDYOFKCAYCLVYVRGTOAE5N7JEWNFA');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\x907850fcddafaf6af60748f2a4538c20', 2628820355765576210, 80, 2, 33680409, '\x767f3a2b97043926044545d9df49c61f69e793a3ad20b158d6b058a8f166feb5',
    '48ffac3c-1d77-89b8-a995-77508626c02b', 'Café Zoë', 'KWD', '71.389', 'ec7d45992d57c83517ee14379bead263',
    '\xcc5fb7e4ad7bf9b8fb36fac1901709ca275114eaada70903f16ed1cf4617b04b', 'QC1.CRICI63SF553SIQSAIBAD3AZGPOLIEUPFEKEEKLXQ3BN5EWKSQ');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\x47a20b8d3102a49f0f96f8497975a200', 4035027247625598529, 122, 2, 21850063, '\x27dc152b6986a046cda3dba83b5314665f2c0b35033dfb4a570f27838149c2b6',
    '6ff811c3-cfbb-8714-a080-467c87bdfbd6', '商户 A', 'CNY', '3267.70', 'ac34b19f57aaec0a4487274d59cf173a',
    '\x314d4d6a03dba45e069cbc988613767a57ee71b5b348a9726154cae07ce3ef28', 'QC1.CR5DP72L444355SBAIAU2Z6PLRGKO6WICYRVNTHUKCTTFLNXMU');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\xe44d8b5aba4233d03a4f31a61638d640', 7568024759901868979, 1, 255, 60899147, '\xa7922fc67b7d0414993eed0ddf4eb68a5c2055f5e402aa28d882dec7eefb883c',
    'd20dec9d-04c2-88d0-95b0-2712e07261b8', 'shop-8', 'CNY', '514.28', 'fb67e47623cf795f34d5f7fddde130e4',
    '\x96ab6163b157ca8ff4ee82340a8b229c54b4eaf8bcdfd659439af4f8de2d8ae7', 'QC1.CQAWSBYGNQEU7U5T74B2CP2LM4TWHKXJRGA7BT3OI3RSDEZMQY');
INSERT INTO known VALUES (DEFAULT, 'bch511_76', '\x4c4dd561776edcdcf9a0', 7351345997030581117, 185, 34, 32384252, '\x1c3c32bd37a488c1c5ebd84ffd6a7238794eca558fab98517ae33940a6d9364d',
    'cc009d89-f63d-8ec9-b53b-b97154c53807', '商户 A', 'KWD', '63.891', '302bd832749f556ed1024f78bd1e0587',
    '\xf367a0f421c82e9e6862d8b053bda1e7726dce808f8913791ecb6097e0e73e23', 'QC1.CS4WMBJ2HQ276Y35EIA64JH4PFFJK3SYDKHA5SL7THFGPCU52E');
INSERT INTO known VALUES (DEFAULT, 'bch511_76', '\x505228490c6f2fa6c920', 2727929868622500997, 149, 2, 11225646, '\x39416585b3b84e5a39b055f5317c5ed3446f67acf0eed1f41b03abbb0f12390e',
    '4bb2b4cf-a4a8-86e7-9759-521edb2158ef', '商户 A', 'JPY', '2433072', '0cbcd926fdfb384dd36c5e04f9714ed4',
    '\x33e812a8854c065f697b6efc0dd562f772cb45f6701403c0171b1dc16f540c75', 'QC1.CSKSLW4NYMTWYFEFAIAKWSROYDRPPT2EIXQGSJJJXMP7WIZKSY');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\x44bfef3ac65f95ba3207ff649d7093e0', 7299055686411209012, 180, 1, 21110966, '\xd506803a2c9452b65d3467268d3ebe4600276ce675b6cda50b983b20bf232f09',
    'ca99c69a-c6bf-8aee-a2c2-65cbb0f5f8a8', 'Café Zoë', 'KWD', '24.108', '55acfd88ee98dc3471696a3e559c5872',
    '\xe54fcf56eea6c9570937fb2b74fef22b85671574beb4eb0b9eeb17d392ba5507', 'QC1.CS2GKS3UPGEFLSJUAEAUEIFW3A4ZAZT7YQCJW47QVIRNJPBF3I');
INSERT INTO known VALUES (DEFAULT, 'bch511_76', '\x5dcde24a8f033c0abeb0', 3586185303797336074, 42, 1, 6756522, '\x78d513c3ed32bf554f2592d1f5e7276230fd1908796dc552bc941d3a8bc21d55',
    '638334bc-df7e-8f68-b76b-5ec36b190191', '商户 A', 'CNY', '4288.11', 'dd4e3a9c0814f2a1679a71032b6b3d83',
    '\x842d2251b73e15c998adcb0445e87b85f207819bdf9b40ced7ac196362ce01ea', 'QC1.CQVDDRFQRCFZCCAKAEAGOGFKVHJ7HCASO53SONT6CJ6RH3DLRM');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\xe1de49a826881402bb00e6bfcf65aac0', 7298788919867012797, 104, 1, 16309848, '\x7852f4403ba4427c755c0ec8f5f274157822a6ed413305e40026dd8884ddc270',
    'ca910ad6-582d-8afd-9a17-03ba1e4e4acf', '商户 A', 'KWD', '51.533', 'a246f6da9ce86f74a7bb27449dee1306',
    '\x419782f9d570255d2681114343038d9f8ffc2b3cf5b89ca486c215608a914ca4', 'QC1.CRUGKSUB3INTV5V5AEAPRXSY4LOAY4XFIUVL6IYJBNNU3PEWZY');
INSERT INTO known VALUES (DEFAULT, 'bch511_76', '\xfa00e4c387e8fa2ce450', 7298671958274066206, 127, 62, 15007491, '\x4798eb7bc5845e4898815f7ab40463baf5b7a9fa877bc816738f1b1243772a3d',
    'ca955f26-0273-82b3-a6c6-3c1786cbe2f0', 'Café Zoë', 'KWD', '85.629', '26563c824f8e263cd501a614ac17d531',
    '\x81fef303d33271733d3a955a23f0cf3e7fa9ff1e823e3543b3005713b94facf4', 'QC1.CR7WKSQXPHOQPRY6HYAOJ7YDXWDAD3ACS7OKO3XPTKHLARQDZY');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\xbf2c00276bc2ec01c55d23e89696bd20', 266019252018521192, 3, 1, 2296082, '\xd41fafc17bfc8635a0c99998e2953e4cc3d6223a381dfa5c87a46ddd0c3a1741',
    '076445bd-612c-837b-bc99-e28e8acbb49d', '商户 A', 'CNY', '8604.89', 'd63fb64e9a6aa8b256f428a8b9ce87c3',
    '\xf56636f034644b163c810624f54e09bc2fab4dd1a9c807488cc7efdd44c7872e', 'QC1.CQBQHMIXDGV7VJDIAEACGCISDIBKZUBI3CVF4BD7LQEYKCJ5UU');
INSERT INTO known VALUES (DEFAULT, 'bch511_76', '\xab9b864a740f55795bb0', 8687485079488343719, 215, 1, 51162138, '\xd3534f5bcb39a9c685720ef78ad9a2b69c2369e63eba743592ed31bd8130c011',
    'f129f390-575e-8952-af2e-5a39a891d8a0', '商户 A', 'JPY', '6895603', 'd2cd217c4c6ea151b471b862eb8bf661',
    '\x6beb73e598f0f96b425d4900b2e54b11fea9c58c534a2836846b5ac1812c2524', 'QC1.CTLXREBFU3FGRLVHAEBQZLA2GD6BYFWFG5IGI6PQMNQ2ODWJZE');
INSERT INTO known VALUES (DEFAULT, 'bch511_76', '\xe2e934c02374636be130', 7298936830930015692, 90, 65, 43228585, '\x4e36362fcd6393a3d4677c4ddcce282019e42eac9a2b18fda4742164967ed9c6',
    'ca9536fa-c79b-8d07-8520-cd3b35d236de', '商户 A', 'KWD', '25.225', '591a2ad680b46153ef77c2f77c465225',
    '\x8ea136d9843277b8e022f67aff0554b3655214483b49df1cc74247b4d13e77c5', 'QC1.CRNGKSYIMBKZSVOMIEBJHHNJUOF6YK6QCYW636D4K6I6CB7F7I');
INSERT INTO known VALUES (DEFAULT, 'bch511_76', '\x52c673759278d8e80fc0', 7298286000560806722, 27, 227, 21387422, '\x855e3a1780be160e9ff421605a7ad3c60ec6f181a206d93b1386617282125fa7',
    'ca940a20-b946-8afb-b32a-35fc6e8b3945', '商户 A', 'KWD', '91.325', '6e3c9a25d8866eb34f0e72e32faf711a',
    '\x9fbd5cab7b864930b22df0f4c91ab4c1e05e94a5cbe6f6e99e65e93cbf153dfb', 'QC1.CQNWKSFYOMKKEG2C4MAUMWE6WGO3C6Z24WBXPPW7T457TIVM5M');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\xc622a7da4b31203191fcf0dfbe812360', 1592922761021316484, 111, 2, 29884731, '\xd0f7681f97867c85a9241f1c4052812aed278ff4a2f42418ee320346ef604684',
    '2c3cc205-c2d3-8cc6-b173-639822af722a', 'Café Zoë', 'CNY', '9275.98', '61ac02e1d776e3556317f2a90c0c42d5',
    '\xfacdbd4eb3021d2ac01d9b0ee57283b928ed2ac21392b005e6c62ee14a2095a2', 'QC1.CRXRMGZSZ66U6XMEAIA4QAJ3WE5ZYF7KTZPL4ABHGTW6YL3RWM');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\xb34f4983fe6de785f9c5d4907e357040', 1674623644915463111, 82, 1, 39915110, '\x34ae18d9efae3960959f117940a34574845a649636c62151288c658b938e0e59',
    '2e7e6ff4-6a50-8de0-b6fd-619859ebbbcf', 'Café Zoë', 'JPY', '1306744', 'cdc231a09c6984f6af546dd6399e9dff',
    '\x15fb50299210f0d6d86cceda8f40c0f863d1b3ccc55feb9ea9b76ae54c25ec87', 'QC1.CRJBOPLVKUP2P46HAEBGCDTGIKRNKR6CTGHDX6QJEJJYRRSMJM');
INSERT INTO known VALUES (DEFAULT, 'bch511_76', '\x8ee3953068d8a77ed240', 7081636875395071080, 18, 255, 66219699, '\x38226e7c1d5db9f41cf2ebcfab177582ae756a1cdad5020386a870d2929ea2fc',
    'c48ba9e7-fe17-8c88-82c5-c91293b6a9db', 'Café Zoë', 'KWD', '61.723', '383090bc0aeabb639444957a007e8bab',
    '\x04f1fb9e9240f9dc4777f76bb23473dd661c25e8e9bf46e0a922d8510033b090', 'QC1.CQJGERYHG7JDV7DI74B7E3VTXRD62KPCSD6J4MAJ2UOIMEWSBA');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\x72169dfa32dad087408041a8a71642e0', 1608740665927491203, 203, 1, 38165826, '\x551322f0813e3870af65e16bc0f3d03cdb2531d0c8ef57583a277af7952b5ed1',
    '2cad5784-983e-8bd3-9c36-476af41ca57a', '商户 A', 'KWD', '52.907', 'ef5beb09b606dded40109e3b0a0527d7',
    '\xbfe5f296e45221f27ef6ece72238cc9da988c6e0258fdebaba8640cfb1a2e346', 'QC1.CTFRMU3FDS4FKXUDAEBEMXKCRV5HE7Q5QBHZC7IQYTE5IE7IVQ');
INSERT INTO known VALUES (DEFAULT, 'bch1023_123', '\x22dc12a39fc0cdc19ad69041a1b549a0', 7098353328845724681, 98, 224, 13718047, '\x2bc3c5801d02b68251c5d055e3092f88ec9bfa5c2c4ce083a026e23e0191b849',
    'c503c7b9-346c-808c-bd6e-b47e5fd420cf', 'shop-23', 'JPY', '2064356', '191dde4d142684df6b18add6e60cbf0c',
    '\x1519d3976921731c096c6943e8c852d159cd91a885bf3a39fbaaf9c26ce44221', 'QC1.CRRGFATKXZYA7HAJ4AANCUQ76JA5YIZSLV6DLZVUEM57OZETTA');
-- the bits of four of them, two of each code
CREATE TEMP TABLE capture (n int, bits int, template varbit, helper varbit, t_errors varbit, t1_errors varbit);
INSERT INTO capture VALUES (1, 1023,
    X'dbc529323b9a64feec3c0f96f6fd1226cab83a2af1edb0490dd404296b869cfcef948933c0f96af27cff72f7f9838191619be415321a79b0703be45e0a190d7b09c02c9687e5e326dd0bbe10eb24f61fc673a6135261aabb2a8be1e7dd113fc8de58f518c4f7e644bf59396dc6959622bdc68fbb3db13dbbad08c64b6c01cc24'::varbit(1023),
    X'851d82f483795cab57055e91967fda0d9c48a1a14fcdf50b5a4d75d1f2d073eceb77109281091dda94dc27bc6ac8a72bab07b6f961d57e2de031a88f2d8db0da460a0de2e96c252fbaaf8cd7977cc235bfe4e29a71ec1a85e7bb2487b801c79450c3be85f1cdf7f0259ec2a4599af4583c188436f80cd66abc061a9a2be0f976'::varbit(1023),
    X'dac729b333d360fbac3a1f96d4ed1ea6ea983a2af14ff80945d106234b001ce46fc58033c0fbef80bcff72f67983a190659fb415331af9b0702be4ce09490cda08c33d94adcde3065d59ba50632cb799d67bac525af18eba28e3c1a7dd33358ad87cb139d4e5a66cbf1a316dc4b59422bfdc8bbf79b10dfbad0dd2416c11cc64'::varbit(1023),
    X'c9c58936bb9a06decc741f96f49d92afcabab66af1ed90480f54dc296f0685fce5849922c3882af6f6cf71f6f8eb818761539415321ad9103029f07a0a9d1d790dc32494b784a226df0bbe907b26f01f8e5b861b50e1acba2a8f41efdd313f88ea50b519ccf96e48b419116dc6d516a2b8d1aefb3cb1371bad09c6496643ce28'::varbit(1023));
INSERT INTO capture VALUES (2, 1023,
    X'24a00edaa636c448e7d046386951830ef4b86fba9e4a240ea54f9656181a3dc91b697d7005676690442ad0e1aeeafdea5c96e621064b68453b50f70fefb23f2a9963a9499402e3f56a5e30a9ce09dd5cd21abdf4eca5b79f2bae1dcd5f468802aac3c5758119d4e62d5635fa3cdbeb0135ab0c09148d6f4c58f486b3693b80d4'::varbit(1023),
    X'e9f98dc10b391ef5a1f78fcc00094099e88311a5102f3246c010a8047e763de4ba8aec4675db7ac63b6cc3e5bfc12bc8fb60e17ac5a7631cef2e0e83e63414396a4953d254512216af381bc1410de0b37a51e1b84a18cd0c5a406684d1d7f10f9508badf3f986f9316eb1493cdd2d172e04429593f5cf863900c8bd4acad5538'::varbit(1023),
    X'65e1be88a527c04a6750421a4951a74ed5b86f789e722c0eb50f16d6890b3e0d0be95b70056be392642af061aeea7dfa5c93e669360b6a073b57f6ae7fb2ac6b9b6321499402e3e36a5870a3ce295716d113bdb86ca51e1b29ac5c4d5f46c0138ec2c475a21814f66d5e357b3cd2b30337b30889169d6f4859d486872b7b885c'::varbit(1023),
    X'24600ad86436c578e7d0ce382b5193e7f89869ba9e4a544ea55fb7d21c9a2dcf1b485568857f4eb34ceae0e4bef279f85a52f22da44a68453350ef2eebf61f2a9923c942b422e3f5234e0cad8e49dc5cf302df96eca4b71e298e4b4d5f54ae82aac9d5552119c4f42d5623f03c5fe3013c7b9419148d7b4859f486b7693ec0c0'::varbit(1023));
INSERT INTO capture VALUES (6, 511,
    X'a62780d468249d4810e5cdf9782c45628e959cf1c0f7b90ec0b5c4fd5dd428d11524b3847d6d21abe81b85da5b95f68b6ac79894ecccfdde22946f34f47afbb8'::varbit(511),
    X'bb8126501c16b0d6e1d1113267be117a9e431e109a6ce2eb2264a2e7271832deddecc6e0dac7bf6385d5028c1cd819dd6c3ad2d7a13724d12bc39afb3b7292d2'::varbit(511),
    X'a62e4156f924914113e5cded762cc55adc1dbcf54276310ef09144fd4dd029441137b3953c7e31abe81b84e257d1f48b6ac758ccfdcceddf02846f34f47ae3b0'::varbit(511),
    X'a477c0d468344c5818f6cdcb780cc762a6959cf1d8f7a90f809745de5f0478d5353c31c0372d21aae80785df7f97f68d6ee79480ef86bd9e2284eb14f47259ac'::varbit(511));
INSERT INTO capture VALUES (10, 511,
    X'e604fca9539d23c30e8822a723acfb712edb512eba604d1b590ea3d99d6079041879799a4147c327ff729c4483222ecdf1c367db9d20d1d81bf8414e1d97e8ba'::varbit(511),
    X'aa4929c824f3ff1ff72f516482bfca8a674171780bf03519bec3f8795387616078888bdf3a95f50a7d42533a1fe9a2a8bd38001da76ee4ef6e12af9d9f969950'::varbit(511),
    X'f705fdaad39da3ab4a8030b73324fff02edb552fb829cd5b5ba4e3989d202c251878b99a4047c167f1581d44ab2226ce79d226db9c40d1d89378614e999ae83e'::varbit(511),
    X'e607dcb31b9d03d31f83a08523e4fbfb21dfc12c1c685c1f59aeb3d9966169441b79799b42074223df76184c03222acba52366ca8d2851d879f8415f3d97e8b2'::varbit(511));

SELECT count(*) AS vectors,
    count(*) FILTER (WHERE qrcred.biometric_key(secret, credential_id, generation) = key) AS biometric_key,
    count(*) FILTER (WHERE qrcred.payment_digest(payment_id, payee, currency, amount, nonce) = digest) AS payment_digest,
    count(*) FILTER (WHERE qrcred.biometric_code(qrcred.biometric_key(secret, credential_id, generation), credential_id, kid, generation, step,
        qrcred.payment_digest(payment_id, payee, currency, amount, nonce)) = biometric) AS biometric_code
FROM known \gx
SELECT code, count(*) AS vectors, min(bits) AS bits,
    count(*) FILTER (WHERE qrcred.fuzzy_commit(template, secret, code) = helper) AS fuzzy_commit,
    count(*) FILTER (WHERE qrcred.fuzzy_open(helper, template, code) = secret) AS same_template,
    count(*) FILTER (WHERE qrcred.fuzzy_open(helper, t_errors, code) = secret) AS t_errors,
    count(*) FILTER (WHERE qrcred.fuzzy_open(helper, t1_errors, code) IS NULL) AS t1_errors,
    min(bit_count(template # t_errors)) AS t, min(bit_count(template # t1_errors)) AS t1
FROM capture JOIN known USING (n) GROUP BY code ORDER BY code;

-- another credential's template opens nothing
SELECT count(*), count(qrcred.fuzzy_open(a.helper, b.template, x.code)) AS opened
FROM capture a JOIN capture b ON a.bits = b.bits AND a.n <> b.n JOIN known x ON x.n = a.n;

-- fetched from where toast keeps it
CREATE TEMP TABLE outside (helper varbit, template varbit, secret bytea, filler bytea);
ALTER TABLE outside ALTER helper SET STORAGE EXTERNAL, ALTER template SET STORAGE EXTERNAL, ALTER secret SET STORAGE EXTERNAL, ALTER filler SET STORAGE PLAIN;
ALTER TABLE outside SET (toast_tuple_target = 128);
INSERT INTO outside SELECT helper, t_errors, secret, decode(repeat('00', 2000), 'hex') FROM capture JOIN known USING (n) WHERE n = 1;
SELECT qrcred.fuzzy_open(helper, template, 'bch1023_123') = secret AS opened,
    qrcred.fuzzy_open(qrcred.fuzzy_commit(template, secret, 'bch1023_123'), template, 'bch1023_123') = secret AS again FROM outside;
SELECT pg_relation_size(reltoastrelid) > 0 AS is_outside FROM pg_class WHERE oid = 'outside'::regclass;

-- wrong bits one after the other, at the beginning and at the end, up to t and one more
CREATE FUNCTION pg_temp.spoilt(bits varbit, first int, count int) RETURNS varbit LANGUAGE sql AS $$
    SELECT bits # (repeat('0', first) || repeat('1', count) || repeat('0', length(bits) - first - count))::varbit
$$;
SELECT code, e AS errors, f.first,
    qrcred.fuzzy_open(qrcred.fuzzy_commit(template, secret, code), pg_temp.spoilt(template, f.first, e), code) = secret AS opened
FROM capture JOIN known USING (n), LATERAL (VALUES (CASE bits WHEN 511 THEN 85 ELSE 170 END)) AS c(t),
    LATERAL (VALUES (0), (1), (t), (t + 1)) AS v(e), LATERAL (VALUES (0), (bits - e)) AS f(first)
WHERE n IN (SELECT min(n) FROM known GROUP BY code) ORDER BY code, e, f.first;

-- bits that are all 0 or all 1; the smallest and the largest secret
SELECT code, s.what AS secret, t.bit AS template, qrcred.fuzzy_open(qrcred.fuzzy_commit(w, secret, code), w, code) = secret AS opened,
    qrcred.fuzzy_commit(w, secret, code) = w AS helper_is_template
FROM (VALUES ('bch1023_123', 1023, 123), ('bch511_76', 511, 76)) AS c(code, n, k),
    LATERAL (VALUES ('all 0', '0'), ('all 1', '1')) AS t(bit, b), LATERAL (SELECT repeat(b, n)::varbit AS w) AS w,
    LATERAL (VALUES ('least', decode(repeat('00', (k + 7) / 8), 'hex')),
        ('greatest', decode(repeat('ff', k / 8) || to_hex(256 - (1 << (8 - k % 8))), 'hex'))) AS s(what, secret)
ORDER BY code, s.what, t.bit;

-- amounts by the currency's decimals
SELECT currency, amount, length(qrcred.payment_digest('0123abcd-4567-89ab-8def-0123456789ab', '', currency, amount, repeat('0f', 16))) AS bytes
FROM (VALUES ('CNY', '88.50'), ('JPY', '12000'), ('KWD', '0.001'), ('CLF', '1.0000'), ('EUR', '999999999999999.99')) AS v(currency, amount);
-- the payee is hashed as it was given
SELECT count(DISTINCT qrcred.payment_digest('0123abcd-4567-89ab-8def-0123456789ab', payee, 'EUR', '0.01', repeat('0f', 16))), count(*)
FROM unnest(ARRAY['', ' ', 'a', 'A', 'a ', U&'\00e9', U&'e\0301', U&'\5546\6237']) AS payee;
SELECT qrcred.payment_digest('0123abcd-4567-89ab-8def-0123456789ab', U&'\5546\6237', 'EUR', '0.01', repeat('0f', 16)) =
    sha256('\x0024'::bytea || '0123abcd-4567-89ab-8def-0123456789ab'::bytea || '\x0006e59586e688b70003'::bytea || 'EUR'::bytea ||
        '\x0004'::bytea || '0.01'::bytea || '\x0020'::bytea || repeat('0f', 16)::bytea) AS digest;

-- refusals
CREATE FUNCTION pg_temp.refusal(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text; hint text;
BEGIN
    EXECUTE 'SELECT qrcred.' || call;
    RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), CASE WHEN hint <> '' THEN 'with a hint' END);
END $$;
-- W and a number: so many bits 1; S: so many bytes e0; P: the same with a spare bit set
CREATE TEMP TABLE wrong (n serial, call text);
INSERT INTO wrong (call)
SELECT format('fuzzy_commit(%s)', a) FROM (VALUES
    ('null, S16, ''bch1023_123'''), ('W1023, null, ''bch1023_123'''), ('W1023, S16, null'), ('null, null, null'),
    ('W1022, S16, ''bch1023_123'''), ('W1024, S16, ''bch1023_123'''), ('W511, S16, ''bch1023_123'''), ('W0, S16, ''bch1023_123'''),
    ('W1023, S15, ''bch1023_123'''), ('W1023, S17, ''bch1023_123'''), ('W1023, S10, ''bch1023_123'''), ('W1023, S0, ''bch1023_123'''),
    ('W1023, P16, ''bch1023_123'''), ('W1022, S15, ''bch1023_123'''),
    ('W510, S10, ''bch511_76'''), ('W512, S10, ''bch511_76'''), ('W1023, S10, ''bch511_76'''), ('W511, S16, ''bch511_76'''), ('W511, P10, ''bch511_76'''),
    ('W1023, S16, '''''), ('W1023, S16, ''bch'''), ('W1023, S16, ''BCH1023_123'''), ('W1023, S16, ''bch1023_123 '''), ('W1023, S16, ''bch255_131''')) AS v(a);
INSERT INTO wrong (call)
SELECT format('fuzzy_open(%s)', a) FROM (VALUES
    ('null, W1023, ''bch1023_123'''), ('W1023, null, ''bch1023_123'''), ('W1023, W1023, null'),
    ('W1022, W1023, ''bch1023_123'''), ('W1024, W1023, ''bch1023_123'''), ('W1023, W1022, ''bch1023_123'''), ('W1023, W1024, ''bch1023_123'''),
    ('W511, W511, ''bch1023_123'''), ('W1023, W1023, ''bch511_76'''), ('W0, W0, ''bch511_76'''), ('W511, W511, ''bch511''')) AS v(a);
INSERT INTO wrong (call)
SELECT format('biometric_key(%s)', a) FROM (VALUES
    ('null, 1, 1'), ('S16, null, 1'), ('S16, 1, null'), ('S16, 0, 1'), ('S16, -1, 1'), ('S16, 1, 0'), ('S16, 1, 256'), ('S16, 1, -1'),
    ('S15, 1, 1'), ('S17, 1, 1'), ('P16, 1, 1'), ('P10, 1, 1'), ('S0, 1, 1')) AS v(a);
INSERT INTO wrong (call)
SELECT format('payment_digest(%s)', string_agg(CASE WHEN i = place THEN bad ELSE quote_literal(good) END, ', ' ORDER BY i))
FROM unnest(ARRAY['0123abcd-4567-89ab-8def-0123456789ab', 'SECRET', 'EUR', '12.34', '00112233445566778899aabbccddeeff']) WITH ORDINALITY AS g(good, i),
    (VALUES (1, 1, 'null'), (2, 2, 'null'), (3, 3, 'null'), (4, 4, 'null'), (5, 5, 'null'),
        (6, 1, ''''''), (7, 1, '''0123ABCD-4567-89AB-8DEF-0123456789AB'''), (8, 1, '''0123abcd456789ab8def0123456789ab'''), (9, 1, '''{0123abcd-4567-89ab-8def-0123456789ab}'''),
        (10, 2, 'repeat(''SECRET'', 10923)'),
        (11, 3, ''''''), (12, 3, '''eur'''), (13, 3, '''EU'''), (14, 3, '''EURO'''), (15, 3, '''978'''), (16, 3, '''JPY'''), (17, 3, '''KWD'''),
        (18, 4, ''''''), (19, 4, '''12'''), (20, 4, '''12.3'''), (21, 4, '''12.340'''), (22, 4, '''012.34'''), (23, 4, '''.34'''), (24, 4, '''0.00'''),
        (25, 4, '''-12.34'''), (26, 4, '''+12.34'''), (27, 4, '''1,234.00'''), (28, 4, '''1e3'''), (29, 4, '''12,34'''), (30, 4, ''' 12.34'''),
        (31, 4, '''1000000000000000.00'''), (32, 4, 'U&''\FF11.00'''),
        (33, 5, ''''''), (34, 5, '''00112233445566778899AABBCCDDEEFF'''), (35, 5, '''00112233445566778899aabbccddeef'''), (36, 5, '''00112233445566778899aabbccddeeff0''')) AS b(n, place, bad)
GROUP BY n ORDER BY n;

CREATE FUNCTION pg_temp.written(call text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN call LIKE 'payment%' THEN call ELSE regexp_replace(regexp_replace(regexp_replace(call,
        '\mW(\d+)', 'repeat(''1'', \1)::varbit', 'g'), '\mS(\d+)', 'decode(repeat(''e0'', \1), ''hex'')', 'g'),
        '\mP(\d+)', 'decode(repeat(''e0'', \1 - 1) || ''e8'', ''hex'')', 'g') END
$$;
SELECT call, pg_temp.refusal(pg_temp.written(call)) FROM wrong ORDER BY n;
-- no refusal quotes its argument, and each names one
SELECT count(*) FILTER (WHERE r ~ 'SECRET|1111|12[.,]34|0011|e0e0') AS quoted, count(*) FILTER (WHERE r !~ '^22023 argument "\w+" ') AS other, count(*)
FROM wrong, pg_temp.refusal(pg_temp.written(call)) AS r;

-- what the planner may assume, and who may call
SELECT oid::regprocedure AS function, prorettype::regtype AS returns, provolatile, proisstrict, proparallel, proacl::text ~ '[{,]=' AS public
FROM pg_proc WHERE pronamespace = 'qrcred'::regnamespace
    AND proname IN ('payment_digest', 'fuzzy_commit', 'fuzzy_open', 'biometric_key')
ORDER BY proname;
SELECT proname, proargnames FROM pg_proc WHERE pronamespace = 'qrcred'::regnamespace
    AND proname IN ('payment_digest', 'fuzzy_commit', 'fuzzy_open', 'biometric_key')
ORDER BY proname;
