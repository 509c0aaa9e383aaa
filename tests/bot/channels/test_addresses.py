"""Addresses: what is taken at the door, and what of a secret is ever shown."""

import pytest

from bot.channels.addresses import AddressError, Webhook, mailbox, masked
from bot.channels.services import SERVICES
from tests.bot.channels.services import KEY

WECOM = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"
DINGTALK = f"https://oapi.dingtalk.com/robot/send?access_token={KEY}"
FEISHU = f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}"
LARK = f"https://open.larksuite.com/open-apis/bot/v2/hook/{KEY}"


@pytest.mark.parametrize(
    ("service", "url"), [("wecom", WECOM), ("dingtalk", DINGTALK), ("feishu", FEISHU), ("feishu", LARK)]
)
def test_a_services_webhook_is_read(service: str, url: str) -> None:
    webhook = Webhook.parse(f" {url} ", SERVICES[service])

    assert (webhook.url, webhook.key, webhook.secret) == (url, KEY, None)


def test_a_secret_stands_behind_the_webhook() -> None:
    webhook = Webhook.parse(f"{DINGTALK}#SECgeheim", SERVICES["dingtalk"])

    assert (webhook.url, webhook.secret) == (DINGTALK, "SECgeheim")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "geheim",
        WECOM.replace("https", "http"),
        WECOM.replace("qyapi.weixin.qq.com", "qyapi.weixin.qq.com.evil.example"),
        WECOM.replace("qyapi.weixin.qq.com", "evil.example@qyapi.weixin.qq.com"),
        WECOM.replace("qyapi.weixin.qq.com", "user:geheim@qyapi.weixin.qq.com"),
        WECOM.replace("qyapi.weixin.qq.com", "qyapi.weixin.qq.com:8443"),
        WECOM.replace("qyapi.weixin.qq.com", "127.0.0.1"),
        WECOM.replace("qyapi.weixin.qq.com", "169.254.169.254"),
        WECOM.replace("/cgi-bin/webhook/send", "/cgi-bin/gettoken"),
        WECOM.replace("key=", "other="),
        f"{WECOM}&debug=1",
        f"{WECOM}#geheim",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a%0d%0ab-geheim",
        "https://[qyapi/geheim",
        DINGTALK,
        f"{WECOM}{'0' * 500}",
    ],
)
def test_what_is_no_webhook_of_the_service_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(AddressError) as refused:
        Webhook.parse(url, SERVICES["wecom"])

    assert "geheim" not in str(refused.value)
    assert KEY not in str(refused.value)


def test_this_machine_is_let_through_in_a_rehearsal_only() -> None:
    url = f"http://127.0.0.1:8601/cgi-bin/webhook/send?key={KEY}"

    assert Webhook.parse(url, SERVICES["wecom"], loopback=True).key == KEY
    with pytest.raises(AddressError):
        Webhook.parse(url, SERVICES["wecom"])
    with pytest.raises(AddressError):
        Webhook.parse(url.replace("127.0.0.1", "10.0.0.5"), SERVICES["wecom"], loopback=True)


def test_printing_a_webhook_shows_no_secret() -> None:
    shown = repr(Webhook.parse(f"{FEISHU}#geheim", SERVICES["feishu"]))

    assert KEY not in shown
    assert "geheim" not in shown


def test_a_masked_address_can_be_told_from_another_and_not_used() -> None:
    assert masked(f"{DINGTALK}#SECgeheim") == "oapi.dingtalk.com/…-key#…"
    assert masked(WECOM) == "qyapi.weixin.qq.com/…-key"
    assert masked("zhang@example.org") == "zhang@example.org"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("zhang.san+dw@Mill.Example.ORG", "zhang.san+dw@mill.example.org"),
        (" a@例子.测试 ", "a@xn--fsqu00a.xn--0zwm56d"),
    ],
)
def test_a_mailbox_is_kept_as_mail_servers_take_it(typed: str, kept: str) -> None:
    assert mailbox(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "a", "@b.cn", "a@", "a@b", "a b@c.cn", "a@b..cn", "a@-b.cn", "a.@b.cn", "张@b.cn"),
        *("a@b.cn\nBcc: c@d.cn", "a@b.cn,c@d.cn", "A <a@b.cn>"),
        *(f"{'a' * 65}@b.cn", f"a@{'b' * 64}.cn"),
    ],
)
def test_what_is_no_mailbox_is_refused(typed: str) -> None:
    with pytest.raises(AddressError):
        mailbox(typed)
