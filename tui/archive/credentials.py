"""AWS credentials: resolve those of the profile before the first request, and explain failures.

botocore's providers raise whatever a program, a file or a server caused. Here each cause becomes one sentence.
"""

from __future__ import annotations

import getpass
import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import botocore.exceptions as aws
import botocore.session
from botocore.utils import JSONFileCache

from tui.config import S3Options
from tui.errors import ConfigError, reason
from tui.printable import printable
from tui.shell import shell_join

_CLI_CACHE = Path("~/.aws/cli/cache")  # the AWS CLI's cache of credentials of assumed roles
_SHOWN = 300  # characters of the message of a program or server

# What a provider raises on unforeseen input: an answer in another form, a file that is not text.
UNFORESEEN = (ValueError, LookupError, TypeError, AttributeError, RuntimeError, OSError)
UNUSABLE = (aws.BotoCoreError, aws.ClientError, *UNFORESEEN)
_SSO = (aws.SSOTokenLoadError, aws.UnauthorizedSSOTokenError, aws.TokenRetrievalError, aws.NoAuthTokenError)
CREDENTIALS = (
    *_SSO,
    aws.LoginError,
    aws.InvalidConfigError,
    aws.CredentialRetrievalError,
    aws.RefreshWithMFAUnsupportedError,
    aws.MetadataRetrievalError,
    aws.UnknownCredentialError,
)


def resolve(core: botocore.session.Session, options: S3Options) -> None:
    """Get the credentials now; prompt on the terminal for the code of an MFA device, if one is needed.

    The credentials of an assumed role are stored in the AWS CLI's cache, so the next command and the processes of a
    scan do not ask again. Missing credentials are not an error yet. Raises ConfigError with one sentence.
    """
    if options.no_sign_request:
        return
    try:
        role = core.get_component("credential_provider").get_provider("assume-role")
        role.cache = JSONFileCache(str(_CLI_CACHE.expanduser()))
        role._prompter = partial(_ask_for_code, options)  # the session offers no way to pass this argument
        credentials = core.get_credentials()
        keys = credentials.get_frozen_credentials() if credentials else None
    except UNUSABLE as error:
        raise ConfigError(about_credentials(error, options)) from error
    except EOFError as error:
        raise ConfigError("no MFA code was entered") from error
    if keys and not all(_can_be_sent(key) for key in (keys.access_key, keys.secret_key, keys.token or "-")):
        raise ConfigError(
            f"the AWS credentials of profile '{profile_name(options)}' contain an invalid character, such as a space "
            "or a line break; enter them again"
        )


def mfa_device(options: S3Options) -> str:
    """Return the MFA device (ARN or serial number) whose code the profile's role needs, or "".

    Reads only AWS's config files. Cached credentials may make the code unnecessary.
    """
    if options.no_sign_request or (not options.profile and os.environ.get("AWS_ACCESS_KEY_ID")):
        return ""
    roles = (settings for _, settings in _chain(options) if "role_arn" in settings)
    return str(next((role["mfa_serial"] for role in roles if "mfa_serial" in role), ""))


def profile_name(options: S3Options) -> str:
    """Return the name of the AWS profile in use."""
    return options.profile or os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or "default"


def log_in(options: S3Options, *words: str) -> str:
    """Return the AWS CLI's command to log in again."""
    return shell_join(["aws", *words, "login", "--profile", profile_name(options)])


def about_credentials(error: Exception, options: S3Options) -> str:
    """Explain why there are no credentials, and what to do."""
    whose = f"profile '{profile_name(options)}'"
    config = os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    said = _shortly(error)
    match error:
        case aws.InfiniteLoopConfigError():
            names = ", ".join(str(name) for name in error.kwargs.get("visited_profiles", ()))
            return f"the AWS profiles {names} lead to each other by source_profile; fix it in {config}"
        case aws.InvalidConfigError():
            text = said[:1].lower() + said[1:]
            about = "" if profile_name(options) in text else f"AWS {whose}: "
            return f"{about}{text}; fix it in {config}"
        case _ if isinstance(error, _SSO):
            return f"the SSO login of AWS {whose} is missing or has expired; log in with: {log_in(options, 'sso')}"
        case aws.LoginError():
            return f"the login of AWS {whose} is missing or has expired; log in with: {log_in(options)}"
        case aws.RefreshWithMFAUnsupportedError():
            return f"the MFA session of AWS {whose} has expired; run it again and enter a new code"
        case aws.CredentialRetrievalError() if "credential_source" in said:
            return f"AWS {whose} takes its keys from a credential_source that has none; see {config}"
        case aws.CredentialRetrievalError() | aws.MetadataRetrievalError() if _container():
            return f"the container's credentials, at {_container()}, cannot be obtained; check that service"
        case aws.CredentialRetrievalError() if error.kwargs.get("provider") == "custom-process":
            text = _shortly(error.kwargs.get("error_msg", ""))
            return f"the credential_process of AWS {_process(options)} failed{f': {text}' if text else ''}"
        case aws.ClientError():
            return _about_service(error, options)
        case aws.PartialCredentialsError() if error.kwargs.get("provider") == "assume-role":
            return f"AWS {whose} has a role_arn and no source_profile or credential_source; fix it in {config}"
        case aws.PartialCredentialsError():
            return f"AWS {whose} has only half of its keys: {error.kwargs.get('cred_var')} is missing; see {config}"
        case aws.BotoCoreError():
            return f"the credentials of AWS {whose} cannot be obtained: {said}"
        case OSError():
            return _about_file(error, options)
        case _ if any("credential_process" in settings for _, settings in _chain(options)):
            return f"the credential_process of AWS {_process(options)} {_about_process(error, said)}"
        case _:
            return f"the credentials of AWS {whose} cannot be obtained: {said}; see {config}"


def _container() -> str:
    """Return the URI of a container's credentials, or ""."""
    uri = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    return uri or os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")


def _about_process(error: Exception, said: str) -> str:
    """Explain invalid output of a credential_process, or an error in its command line."""
    match error:
        case IndexError():
            return "is empty; fix its command line"
        case RuntimeError() if "expired" in said:
            what = "printed credentials that have expired"
        case ValueError() if "quotation" in said:
            return "has a quote that is not closed; fix its command line"
        case json.JSONDecodeError():
            what = "printed something that is not JSON"
        case ValueError():
            what = f"printed an invalid answer: {said}"
        case _:
            what = "printed JSON without Version, AccessKeyId and SecretAccessKey as text"
    return f"{what}; run it by hand to see"


def _about_file(error: OSError, options: S3Options) -> str:
    """Explain an error with a program or file that a provider needs."""
    name = str(error.filename or "")
    config = os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    for profile, settings in _chain(options):
        program = next(iter(_words(settings.get("credential_process", ""))), None)
        if program and program == name:
            what = f"the credential_process of AWS profile '{profile}', {name}, cannot be run"
            return f"{what}: {reason(error)}; fix it in {config}"
    tokens = [os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")]
    tokens += [settings.get("web_identity_token_file") for _, settings in _chain(options)]
    if name and name in tokens:
        return (
            f"the web identity token file {name} cannot be read: {reason(error)}; see AWS_WEB_IDENTITY_TOKEN_FILE, or "
            f"web_identity_token_file in {config}"
        )
    where = name or f"what AWS profile '{profile_name(options)}' names in {config}"
    return f"{where} cannot be read: {reason(error)}"


def _about_service(error: aws.ClientError, options: S3Options) -> str:
    """Explain an error of STS or SSO."""
    code, message = (str(error.response.get("Error", {}).get(name, "")) for name in ("Code", "Message"))
    roles = [str(settings["role_arn"]) for _, settings in _chain(options) if "role_arn" in settings]
    what = f"the role {roles[0]}" if roles else f"AWS profile '{profile_name(options)}'"
    if "MultiFactorAuthentication" in message:
        return f"the MFA code for {what} was not accepted; run it again with the device's next code"
    if "ExpiredToken" in code:
        return f"the session token of AWS profile '{profile_name(options)}' has expired; log in again"
    return f"{what} cannot be used: {_shortly(message) or code} ({error.operation_name}, {code})"


def _ask_for_code(options: S3Options, prompt: str) -> str:
    """Prompt for the code of an MFA device, without echo."""
    if not _terminal():
        raise ConfigError(
            f"AWS profile '{profile_name(options)}' needs a code from the MFA device {mfa_device(options)}, but there "
            "is no terminal; run a command in a terminal first: its credentials are cached in ~/.aws/cli/cache"
        )
    return getpass.getpass(printable(prompt))


def _terminal() -> bool:
    """True if this process has a terminal for a prompt. A scan's processes do not: their stdin is a pipe."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return sys.stdin is not None and sys.stdin.isatty()
    return True


def _chain(options: S3Options) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the profile in use and its chain of source_profiles, each with its settings in the config files."""
    try:
        profiles = botocore.session.Session(profile=options.profile).full_config.get("profiles", {})
    except UNUSABLE:  # the error in the files is the one being explained
        return
    name: object = profile_name(options)
    seen: set[object] = set()
    while isinstance(name, str) and name in profiles and name not in seen:
        seen.add(name)
        yield name, profiles[name]
        name = profiles[name].get("source_profile")


def _process(options: S3Options) -> str:
    """Return `profile 'p' (program)` for the first profile with a credential_process."""
    for name, settings in _chain(options):
        if "credential_process" in settings:
            program = next(iter(_words(settings["credential_process"])), "")
            return f"profile '{name}'{f' ({program})' if program else ''}"
    return f"profile '{profile_name(options)}'"


def _words(command: object) -> list[str]:
    try:
        return shlex.split(str(command))
    except ValueError:
        return []


def _can_be_sent(key: object) -> bool:
    """True if the text can be sent in an HTTP header unchanged."""
    return isinstance(key, str) and key.isascii() and key.isprintable() and " " not in key and bool(key)


def _shortly(error: object) -> str:
    """Return a message as one line of bounded length."""
    text = " ".join(str(error).split()).rstrip(".")
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
