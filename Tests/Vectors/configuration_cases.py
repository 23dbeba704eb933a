# SPDX-License-Identifier: Apache-2.0
"""The environments and shared files of configuration.json.

`note` says what a case is about. `differs` says why the gateway's outcome is another than botocore's,
and `gateway` which; a member that is left out is the same. `$TOKEN` stands for a file with a token,
`$HOME` for the home directory.
"""

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT00000", "AWS_SECRET_ACCESS_KEY": "environment-secret"}
REGION = {"AWS_DEFAULT_REGION": "us-west-2"}
ROLE = "arn:aws:iam::123456789012:role/r"
IRSA = REGION | {"AWS_WEB_IDENTITY_TOKEN_FILE": "$TOKEN", "AWS_ROLE_ARN": ROLE}
POD = REGION | {
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "$TOKEN",
}
NO_IMDS = REGION | {"AWS_EC2_METADATA_DISABLED": "true"}
FILE_KEYS = "aws_access_key_id = AKIASHAREDFILE000000\naws_secret_access_key = shared-secret\n"
CONFIG_KEYS = "aws_access_key_id = AKIACONFIGFILE000000\naws_secret_access_key = config-secret\n"


def region_of(name):
    """Where the three calls go in a region of AWS's own partition."""
    return {
        "iot-jobs-data": {
            "url": f"https://data.jobs.iot.{name}.amazonaws.com/things/t/jobs",
            "scope": f"{name}/iot-jobs-data",
        },
        "iot": {
            "url": f"https://iot.{name}.amazonaws.com/endpoint?endpointType=iot%3AJobs",
            "scope": f"{name}/iot",
        },
        "sts": {"url": f"https://sts.{name}.amazonaws.com/", "scope": f"{name}/sts"},
    }


def all_refused(error):
    return {service: {"error": error} for service in ("iot-jobs-data", "iot", "sts")}


REGIONS = [
    {
        "note": "nothing at all",
        "differs": "STS is not called without a region",
        "gateway": {"endpoints": all_refused("region")},
    },
    {"note": "the variable that botocore reads", "env": {"AWS_DEFAULT_REGION": "eu-west-1"}},
    {
        "note": "the variable that the other SDKs read",
        "env": {"AWS_REGION": "eu-west-1"},
        "differs": "AWS_REGION counts",
        "gateway": {"endpoints": region_of("eu-west-1")},
    },
    {
        "note": "both variables",
        "env": {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-west-2"},
        "differs": "AWS_REGION counts",
        "gateway": {"endpoints": region_of("eu-west-1")},
    },
    {"note": "by the profile", "config": "[default]\nregion = ap-south-1\n"},
    {
        "note": "the variable beats the profile",
        "env": REGION,
        "config": "[default]\nregion = ap-south-1\n",
    },
    {
        "note": "in the credentials file, which beats the config file",
        "config": "[default]\nregion = ap-south-1\n",
        "credentials": "[default]\nregion = sa-east-1\n",
    },
    {
        "note": "of a named profile",
        "env": {"AWS_PROFILE": "p"},
        "config": "[default]\nregion = ap-south-1\n[profile p]\nregion = eu-north-1\n",
    },
    {
        "note": "an empty variable",
        "env": {"AWS_DEFAULT_REGION": ""},
        "config": "[default]\nregion = ap-south-1\n",
        "differs": "an empty variable counts as unset",
        "gateway": {"endpoints": region_of("ap-south-1")},
    },
    {"note": "China", "env": {"AWS_DEFAULT_REGION": "cn-north-1"}},
    {"note": "the US government", "env": {"AWS_DEFAULT_REGION": "us-gov-west-1"}},
    {"note": "a region that stands for all", "env": {"AWS_DEFAULT_REGION": "aws-global"}},
    {"note": "an isolated partition", "env": {"AWS_DEFAULT_REGION": "us-iso-east-1"}},
    {"note": "no partition's", "env": {"AWS_DEFAULT_REGION": "local"}},
    {"note": "a pseudo-region", "env": {"AWS_DEFAULT_REGION": "fips-us-east-1"}},
    {"note": "no host label", "env": {"AWS_DEFAULT_REGION": "us_west_2"}},
    {
        "note": "a region that would be another host",
        "env": {"AWS_DEFAULT_REGION": "x.evil.example/"},
    },
    {
        "note": "upper case",
        "env": {"AWS_DEFAULT_REGION": "US-WEST-2"},
        "differs": "the region is put into lower case",
        "gateway": {"endpoints": region_of("us-west-2")},
    },
]

VARIANTS = [
    {"note": "FIPS", "env": REGION | {"AWS_USE_FIPS_ENDPOINT": "TRUE"}},
    {
        "note": "FIPS by the profile",
        "env": REGION,
        "config": "[default]\nuse_fips_endpoint = true\n",
    },
    {
        "note": "the variable beats the profile's flag",
        "env": REGION | {"AWS_USE_FIPS_ENDPOINT": "false"},
        "config": "[default]\nuse_fips_endpoint = true\n",
    },
    {"note": "1 is not true", "env": REGION | {"AWS_USE_FIPS_ENDPOINT": "1"}},
    {"note": "dual-stack", "env": REGION | {"AWS_USE_DUALSTACK_ENDPOINT": "true"}},
    {
        "note": "FIPS and dual-stack",
        "env": REGION | {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    },
    {
        "note": "FIPS of the US government",
        "env": {"AWS_DEFAULT_REGION": "us-gov-east-1", "AWS_USE_FIPS_ENDPOINT": "true"},
    },
    {
        "note": "FIPS and dual-stack of the US government",
        "env": {
            "AWS_DEFAULT_REGION": "us-gov-east-1",
            "AWS_USE_FIPS_ENDPOINT": "true",
            "AWS_USE_DUALSTACK_ENDPOINT": "true",
        },
    },
    {
        "note": "FIPS in China",
        "env": {"AWS_DEFAULT_REGION": "cn-northwest-1", "AWS_USE_FIPS_ENDPOINT": "true"},
    },
    {
        "note": "FIPS and an endpoint",
        "env": REGION
        | {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": "http://global.example:1"},
        "differs": "FIPS is not dropped silently",
        "gateway": {"endpoints": all_refused("fips")},
    },
    {
        "note": "FIPS and an endpoint that says FIPS",
        "env": REGION
        | {
            "AWS_USE_FIPS_ENDPOINT": "true",
            "AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE": "https://p.iot-fips.us-west-2.amazonaws.com",
        },
    },
    {
        "note": "a pseudo-region and an endpoint",
        "env": {
            "AWS_DEFAULT_REGION": "us-west-2-fips",
            "AWS_ENDPOINT_URL": "http://global.example:1",
        },
        "differs": "FIPS is not dropped silently",
        "gateway": {"endpoints": all_refused("fips")},
    },
    {
        "note": "dual-stack and an endpoint: dropped here too, with a warning",
        "env": REGION
        | {"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_ENDPOINT_URL": "http://global.example:1"},
    },
]

SERVICES_SECTION = (
    "[services s]\niot_jobs_data_plane =\n  endpoint_url = http://data.example:2\n"
    "sts =\n  endpoint_url = http://sts.example:3/base/\n"
)

ENDPOINTS = [
    {"note": "for all services", "env": REGION | {"AWS_ENDPOINT_URL": "http://global.example:1"}},
    {
        "note": "each service's own variable",
        "env": REGION
        | {
            "AWS_ENDPOINT_URL": "http://global.example:1",
            "AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE": "http://data.example:2",
            "AWS_ENDPOINT_URL_IOT": "http://iot.example:3",
            "AWS_ENDPOINT_URL_STS": "http://sts.example:4",
        },
    },
    {
        "note": "a name made from the client's name is not read",
        "env": REGION | {"AWS_ENDPOINT_URL_IOT_JOBS_DATA": "http://wrong.example"},
    },
    {
        "note": "by the profile",
        "env": REGION,
        "config": "[default]\nendpoint_url = http://cfg.example:5\n",
    },
    {
        "note": "by a services section",
        "env": REGION,
        "config": "[default]\nservices = s\nendpoint_url = http://cfg.example:5\n"
        + SERVICES_SECTION,
    },
    {
        "note": "the variable for all beats the files",
        "env": REGION | {"AWS_ENDPOINT_URL": "http://global.example:1"},
        "config": "[default]\nservices = s\n" + SERVICES_SECTION,
    },
    {
        "note": "a services section that is not there",
        "env": REGION,
        "config": "[default]\nservices = s\n",
    },
    {
        "note": "a services section that is not there, and a variable that makes it needless",
        "env": REGION | {"AWS_ENDPOINT_URL": "http://global.example:1"},
        "config": "[default]\nservices = s\n",
    },
    {
        "note": "an empty services section",
        "env": REGION,
        "config": "[default]\nservices = s\n[services s]\n",
        "differs": "a section without keys is there",
        "gateway": {"endpoints": region_of("us-west-2")},
    },
    {
        "note": "configured endpoints are to be ignored",
        "env": REGION
        | {
            "AWS_ENDPOINT_URL": "http://global.example:1",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        },
    },
    {
        "note": "configured endpoints are to be ignored, by the profile",
        "env": REGION,
        "config": "[default]\nendpoint_url = http://cfg.example:5\n"
        "ignore_configured_endpoint_urls = true\n",
    },
    {
        "note": "an empty variable",
        "env": REGION | {"AWS_ENDPOINT_URL": ""},
        "config": "[default]\nendpoint_url = http://cfg.example:5\n",
    },
    {
        "note": "an endpoint without a region",
        "env": {"AWS_ENDPOINT_URL": "http://global.example:1"},
    },
    {
        "note": "an endpoint without a scheme",
        "env": REGION | {"AWS_ENDPOINT_URL": "global.example"},
    },
    {
        "note": "an endpoint with an underscore",
        "env": REGION | {"AWS_ENDPOINT_URL": "http://a_b.example"},
    },
    {
        "note": "an endpoint with a password",
        "env": REGION | {"AWS_ENDPOINT_URL": "http://u:p@a.example"},
        "differs": "a password in an endpoint is refused",
        "gateway": {"endpoints": all_refused("url")},
    },
]

PROFILES = [
    {"note": "a profile that is in no file", "env": REGION | {"AWS_PROFILE": "missing"}},
    {
        "note": "a profile that is in no file, beside keys in the environment",
        "env": KEYS | REGION | {"AWS_PROFILE": "missing"},
    },
    {"note": "default by name, in no file", "env": REGION | {"AWS_PROFILE": "default"}},
    {
        "note": "only the credentials file has it",
        "env": REGION | {"AWS_PROFILE": "p"},
        "credentials": f"[p]\n{FILE_KEYS}",
    },
    {
        "note": "both variables",
        "env": NO_IMDS | {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"},
        "credentials": f"[a]\n{FILE_KEYS}[b]\n{CONFIG_KEYS}",
        "differs": "AWS_PROFILE counts before AWS_DEFAULT_PROFILE",
        "gateway": {
            "credentials": {
                "source": "shared-credentials-file",
                "accessKeyId": "AKIASHAREDFILE000000",
            }
        },
    },
    {
        "note": "the older variable alone",
        "env": REGION | {"AWS_DEFAULT_PROFILE": "b"},
        "credentials": f"[b]\n{FILE_KEYS}",
    },
    {
        "note": "a quoted name with a space",
        "env": REGION | {"AWS_PROFILE": "my profile"},
        "config": f'[profile "my profile"]\n{CONFIG_KEYS}',
    },
    {
        "note": "files by their variables",
        "env": REGION
        | {
            "AWS_CONFIG_FILE": "$HOME/.aws/credentials",
            "AWS_SHARED_CREDENTIALS_FILE": "$HOME/.aws/none",
        },
        "credentials": f"[default]\n{CONFIG_KEYS}",
    },
]

FILES = [
    {
        "note": "comments, blank lines, CRLF, spaces and an equals sign in a value",
        "env": NO_IMDS,
        "credentials": "# first\r\n\r\n; second\r\n[default]\r\n"
        "aws_access_key_id=AKIASHAREDFILE000000\r\n"
        "  # third\r\naws_secret_access_key   =  a=b/c+d==  \r\naws_session_token = t#t;t\r\n",
    },
    {
        "note": "keys of any case",
        "env": NO_IMDS,
        "credentials": "[default]\nAWS_Access_Key_ID = AKIASHAREDFILE000000\n"
        "AWS_SECRET_ACCESS_KEY = s\n",
    },
    {
        "note": "all keys indented alike",
        "env": NO_IMDS,
        "credentials": "[default]\n  aws_access_key_id = AKIASHAREDFILE000000\n"
        "  aws_secret_access_key = s\n",
    },
    {
        "note": "nested blocks beside plain keys",
        "env": NO_IMDS,
        "config": "[default]\ns3 =\n  max_concurrent_requests = 20\n  signature_version = s3v4\n"
        f"{CONFIG_KEYS}region = eu-west-3\n",
    },
    {
        "note": "a value that goes on in the next line",
        "env": NO_IMDS,
        "config": "[default]\ncredential_process = /bin/program one\n  two\n",
    },
    {"note": "a key twice", "env": NO_IMDS, "config": "[default]\nregion = a\nregion = b\n"},
    {
        "note": "a section twice",
        "env": NO_IMDS,
        "config": "[default]\nregion = us-east-1\n[default]\noutput = json\n",
    },
    {"note": "a key without a section", "env": NO_IMDS, "config": "region = us-east-1\n"},
    {"note": "a line without an equals sign", "env": NO_IMDS, "config": "[default]\nregion\n"},
    {
        "note": "a line without an equals sign in a nested block",
        "env": NO_IMDS,
        "config": "[default]\ns3 =\n  nothing\n",
    },
    {
        "note": "a heading that is not closed",
        "env": NO_IMDS,
        "config": "[default\nregion = us-east-1\n",
    },
    {
        "note": "a profile without the word in the config file",
        "env": NO_IMDS | {"AWS_PROFILE": "p"},
        "config": f"[p]\n{CONFIG_KEYS}",
    },
    {
        "note": "sections of other kinds",
        "env": NO_IMDS,
        "config": "[preview]\nx = y\n[sso-session s]\nsso_region = us-east-1\n"
        f"[default]\n{CONFIG_KEYS}",
    },
    {
        "note": "a mistake in the credentials file",
        "env": NO_IMDS,
        "config": f"[default]\n{CONFIG_KEYS}",
        "credentials": "aws_access_key_id\n",
    },
]

CHAIN = [
    {"note": "keys in the environment", "env": KEYS | REGION},
    {
        "note": "keys in the environment hide all else",
        "env": KEYS | IRSA | POD,
        "config": f"[default]\nrole_arn = {ROLE}\nsource_profile = s\n[profile s]\n{CONFIG_KEYS}",
        "credentials": f"[default]\n{FILE_KEYS}",
    },
    {"note": "an id without a secret", "env": IRSA | {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT00000"}},
    {
        "note": "a secret without an id",
        "env": NO_IMDS | {"AWS_SECRET_ACCESS_KEY": "s"},
        "credentials": f"[default]\n{FILE_KEYS}",
        "differs": "half a pair is an error, whichever half",
        "gateway": {"credentials": {"error": "pair"}},
    },
    {
        "note": "an empty id",
        "env": NO_IMDS | {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
        "credentials": f"[default]\n{FILE_KEYS}",
    },
    {
        "note": "keys in the environment beside a named profile",
        "env": KEYS | REGION | {"AWS_PROFILE": "p"},
        "credentials": f"[p]\n{FILE_KEYS}",
    },
    {"note": "web identity", "env": IRSA},
    {"note": "web identity before the pod's identity", "env": IRSA | POD},
    {
        "note": "web identity before the files",
        "env": IRSA,
        "credentials": f"[default]\n{FILE_KEYS}",
    },
    {
        "note": "web identity with a session's name",
        "env": IRSA | {"AWS_ROLE_SESSION_NAME": "pod@7"},
    },
    {
        "note": "web identity without a role",
        "env": REGION | {"AWS_WEB_IDENTITY_TOKEN_FILE": "$TOKEN"},
    },
    {"note": "a role without a token file", "env": NO_IMDS | {"AWS_ROLE_ARN": ROLE}},
    {
        "note": "web identity by the profile",
        "env": NO_IMDS,
        "config": f"[default]\nrole_arn = {ROLE}\nweb_identity_token_file = $TOKEN\n"
        "role_session_name = from-file\n",
    },
    {
        "note": "variables beat the profile's keys one by one",
        "env": NO_IMDS | {"AWS_ROLE_ARN": ROLE + "2"},
        "config": f"[default]\nrole_arn = {ROLE}\nweb_identity_token_file = $TOKEN\n",
    },
    {
        "note": "web identity at an endpoint of its own",
        "env": IRSA | {"AWS_ENDPOINT_URL_STS": "http://sts.example:3"},
    },
    {"note": "web identity with FIPS", "env": IRSA | {"AWS_USE_FIPS_ENDPOINT": "true"}},
    {
        "note": "the shared credentials file",
        "env": NO_IMDS,
        "credentials": f"[default]\n{FILE_KEYS}",
    },
    {
        "note": "the credentials file before the config file",
        "env": NO_IMDS,
        "config": f"[default]\n{CONFIG_KEYS}",
        "credentials": f"[default]\n{FILE_KEYS}",
    },
    {"note": "the config file", "env": NO_IMDS, "config": f"[default]\n{CONFIG_KEYS}"},
    {
        "note": "the credentials file before a process before the config file",
        "env": NO_IMDS,
        "config": f"[default]\ncredential_process = /bin/program\n{CONFIG_KEYS}",
        "credentials": f"[default]\n{FILE_KEYS}",
    },
    {
        "note": "a process before the config file",
        "env": NO_IMDS,
        "config": f"[default]\ncredential_process = /bin/program\n{CONFIG_KEYS}",
    },
    {
        "note": "a process with words of all kinds",
        "env": NO_IMDS,
        "config": '[default]\ncredential_process = "/opt/my program" one \'two "2"\' three\\ 3 '
        '"fo\\"ur" "fi\\ve" "si\\\\x" \'\' a\'b\'"c"\n',
    },
    {
        "note": "a process whose quote is open",
        "env": NO_IMDS,
        "config": "[default]\ncredential_process = 'a\n",
    },
    {
        "note": "an id without a secret in the credentials file",
        "env": NO_IMDS,
        "config": f"[default]\n{CONFIG_KEYS}",
        "credentials": "[default]\naws_access_key_id = AKIASHAREDFILE000000\n",
    },
    {
        "note": "an id without a secret in the config file",
        "env": NO_IMDS,
        "config": "[default]\naws_access_key_id = AKIACONFIGFILE000000\n",
    },
    {
        "note": "a secret without an id in the credentials file",
        "env": NO_IMDS,
        "config": f"[default]\n{CONFIG_KEYS}",
        "credentials": "[default]\naws_secret_access_key = s\n",
        "differs": "half a pair is an error, whichever half",
        "gateway": {"credentials": {"error": "pair"}},
    },
    {
        "note": "the files before the pod's identity",
        "env": POD,
        "credentials": f"[default]\n{FILE_KEYS}",
    },
    {
        "note": "SSO",
        "env": POD,
        "config": "[default]\nsso_start_url = https://s.example\nsso_region = us-east-1\n"
        "sso_account_id = 123456789012\nsso_role_name = r\n",
        "differs": "SSO needs a human",
        "gateway": {"credentials": {"error": "unsupported"}},
    },
    {
        "note": "a login",
        "env": POD,
        "config": "[default]\nlogin_session = arn:aws:iam::123456789012:user/u\n",
        "differs": "a login needs a human",
        "gateway": {"credentials": {"error": "unsupported"}},
    },
    {"note": "nothing, with the instance's metadata", "env": REGION},
    {"note": "nothing at all", "env": NO_IMDS},
]

POD_LINK = "http://169.254.170.23/v1/credentials"


def container(uri, **more):
    return REGION | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": uri} | more


DYNAMIC = [
    {"note": "the pod's identity", "env": POD},
    {
        "note": "the pod's identity over IPv6",
        "env": container("http://[fd00:ec2::23]/v1/credentials"),
    },
    {
        "note": "a task of ECS",
        "env": REGION | {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/id?x=y"},
    },
    {
        "note": "the relative URI before the full one",
        "env": POD | {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/id"},
    },
    {
        "note": "a relative URI that is none",
        "env": REGION | {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@evil.example/"},
        "differs": "the variable must not name another host",
        "gateway": {"credentials": {"error": "uri"}},
    },
    {
        "note": "an empty relative URI",
        "env": REGION | {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": ""},
        "differs": "an empty path is an error before anything is asked",
        "gateway": {"credentials": {"error": "uri"}},
    },
    {"note": "an empty full URI", "env": container("")},
    {"note": "any host behind TLS", "env": container("https://credentials.example/x")},
    {"note": "a loopback address", "env": container("http://127.9.8.7:81/x")},
    {"note": "the loopback address of IPv6", "env": container("http://[::1]:81/x")},
    {"note": "localhost", "env": container("http://localhost:81/x")},
    {"note": "an address of the network", "env": container("http://10.0.0.1/x")},
    {"note": "a name of the network", "env": container("http://credentials.example/x")},
    {
        "note": "a host that begins like one that is allowed",
        "env": container("http://169.254.170.2.evil.example/"),
    },
    {
        "note": "a user name that looks like a host",
        "env": container("http://169.254.170.2@evil.example/"),
    },
    {
        "note": "a token in the environment",
        "env": container(POD_LINK, AWS_CONTAINER_AUTHORIZATION_TOKEN="Basic abc"),
    },
    {
        "note": "the token's file before the token",
        "env": POD | {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc"},
    },
    {
        "note": "a token that would be two headers",
        "env": container(POD_LINK, AWS_CONTAINER_AUTHORIZATION_TOKEN="a\r\nb: c"),
    },
    {
        "note": "the instance's metadata over IPv6",
        "env": REGION | {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"},
    },
    {"note": "the older word for IPv6", "env": REGION | {"AWS_IMDS_USE_IPV6": "true"}},
    {
        "note": "an endpoint beats the mode",
        "env": REGION
        | {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv6",
        },
    },
    {
        "note": "the mode by the profile",
        "env": REGION,
        "config": "[default]\nec2_metadata_service_endpoint_mode = ipv6\n",
    },
    {"note": "no mode", "env": REGION | {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv5"}},
    {"note": "no number", "env": REGION | {"AWS_METADATA_SERVICE_TIMEOUT": "soon"}},
    {"note": "only the word true disables", "env": REGION | {"AWS_EC2_METADATA_DISABLED": "1"}},
]


def role(source, more=""):
    return f"[default]\nrole_arn = {ROLE}\n{source}\n{more}"


ROLES = [
    {
        "note": "keys in the credentials file assume a role",
        "env": REGION,
        "config": role("source_profile = base"),
        "credentials": f"[base]\n{FILE_KEYS}",
    },
    {
        "note": "all that a role may have",
        "env": REGION,
        "config": role(
            "source_profile = base",
            "role_session_name = me\nexternal_id = a:b/c\nduration_seconds = 1800\n",
        )
        + f"[profile base]\n{CONFIG_KEYS}",
    },
    {
        "note": "a duration that is no number",
        "env": REGION,
        "config": role("source_profile = base", "duration_seconds = long\n")
        + f"[profile base]\n{CONFIG_KEYS}",
    },
    {
        "note": "a role before web identity in the environment",
        "env": IRSA,
        "config": role("source_profile = base") + f"[profile base]\n{CONFIG_KEYS}",
    },
    {
        "note": "a chain of three",
        "env": REGION,
        "config": role("source_profile = b")
        + f"[profile b]\nrole_arn = {ROLE}-b\nsource_profile = c\n"
        + f"[profile c]\nrole_arn = {ROLE}-c\nsource_profile = base\n[profile base]\n{CONFIG_KEYS}",
    },
    {
        "note": "keys of a source end the chain",
        "env": REGION,
        "config": role("source_profile = b")
        + f"[profile b]\nrole_arn = {ROLE}-b\nsource_profile = c\n{CONFIG_KEYS}",
    },
    {
        "note": "a profile that is its own source",
        "env": REGION,
        "config": role("source_profile = default", CONFIG_KEYS),
    },
    {
        "note": "a profile that is its own source, without keys",
        "env": REGION,
        "config": role("source_profile = default"),
    },
    {
        "note": "a circle",
        "env": REGION,
        "config": role("source_profile = b")
        + f"[profile b]\nrole_arn = {ROLE}-b\nsource_profile = default\n",
    },
    {"note": "a source that is not there", "env": REGION, "config": role("source_profile = b")},
    {
        "note": "a source without credentials",
        "env": REGION,
        "config": role("source_profile = b") + "[profile b]\nregion = us-east-1\n",
    },
    {
        "note": "a source with a process",
        "env": REGION,
        "config": role("source_profile = b") + "[profile b]\ncredential_process = /bin/program\n",
    },
    {
        "note": "a source with web identity",
        "env": REGION,
        "config": role("source_profile = b")
        + f"[profile b]\nrole_arn = {ROLE}-b\nweb_identity_token_file = $TOKEN\n",
    },
    {
        "note": "web identity in the environment is not a source profile's",
        "env": IRSA,
        "config": role("source_profile = b") + "[profile b]\nregion = us-east-1\n",
    },
    {
        "note": "the environment as a source",
        "env": REGION,
        "config": role("credential_source = Environment"),
    },
    {
        "note": "the container as a source",
        "env": POD,
        "config": role("credential_source = EcsContainer"),
    },
    {
        "note": "the instance as a source",
        "env": REGION,
        "config": role("credential_source = Ec2InstanceMetadata"),
    },
    {
        "note": "a container that is not there as a source",
        "env": REGION,
        "config": role("credential_source = EcsContainer"),
    },
    {
        "note": "a source in another case",
        "env": POD,
        "config": role("credential_source = ecscontainer"),
    },
    {"note": "neither kind of source", "env": REGION, "config": role("")},
    {
        "note": "both kinds of source",
        "env": POD,
        "config": role("source_profile = b\ncredential_source = EcsContainer")
        + f"[profile b]\n{CONFIG_KEYS}",
    },
    {
        "note": "a role in the credentials file",
        "env": REGION,
        "credentials": role("source_profile = base") + f"[base]\n{FILE_KEYS}",
    },
    {
        "note": "the role of one file with the source of the other",
        "env": REGION,
        "config": role("source_profile = base"),
        "credentials": f"[default]\nrole_arn = {ROLE}-better\n[base]\n{FILE_KEYS}",
    },
    {
        "note": "a role in the US government's partition with FIPS",
        "env": {"AWS_DEFAULT_REGION": "us-gov-west-1", "AWS_USE_FIPS_ENDPOINT": "true"},
        "config": role("source_profile = base") + f"[profile base]\n{CONFIG_KEYS}",
    },
    {
        "note": "a circle through a profile with keys",
        "env": REGION,
        "config": role("source_profile = b", CONFIG_KEYS)
        + f"[profile b]\nrole_arn = {ROLE}-b\nsource_profile = default\n",
    },
]

# Each group with what its cases are looked at for.
GROUPS = [
    (REGIONS + VARIANTS + ENDPOINTS, ["endpoints"]),
    (PROFILES, ["endpoints", "credentials"]),
    (FILES + CHAIN + DYNAMIC + ROLES, ["credentials"]),
]
