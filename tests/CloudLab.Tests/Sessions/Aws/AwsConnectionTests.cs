using Amazon.Runtime;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using Xunit;

namespace CloudLab.Tests.Sessions.Aws;

[Trait("Area", "Sessions")]
public sealed class AwsConnectionTests : IDisposable
{
    private const string Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-aws-").FullName;
    private readonly Dictionary<string, string> variables = new() { ["AWS_EC2_METADATA_DISABLED"] = "true" };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_parameter_beats_the_session_which_beats_the_environment()
    {
        variables["AWS_REGION"] = "eu-west-1";
        LabSession connected = Session(new SessionOptions { Region = "eu-central-1" }, "Connect-Lab");
        LabSession given = LabSession.Resolve(new SessionOptions { Region = "ap-south-1" }, "parameter", connected);

        Assert.Equal(new LabSetting("Region", "ap-south-1", "parameter"), given.Aws.RegionSetting);
        Assert.Equal(new LabSetting("Region", "eu-central-1", "Connect-Lab"), connected.Aws.RegionSetting);
        Assert.Equal(new LabSetting("Region", "eu-west-1", "environment AWS_REGION"), Session(new(), "environment").Aws.RegionSetting);
    }

    [Fact]
    public void A_session_is_itself_when_nothing_is_asked_for()
    {
        LabSession session = Session(new SessionOptions { Region = "eu-central-1" }, "Connect-Lab");

        Assert.Same(session, LabSession.Resolve(new SessionOptions(), "parameter", session));
        Assert.Same(session, session.Refreshed());
        variables["AWS_REGION"] = "eu-west-1";
        Assert.NotSame(session, session.Refreshed());
    }

    [Fact]
    public void A_named_profile_gives_keys_region_and_endpoints()
    {
        Files(
            config: """
                [profile lab]
                region = eu-north-1
                endpoint_url = http://127.0.0.1:1
                services = local
                [services local]
                s3 =
                  endpoint_url = http://127.0.0.1:2
                """,
            credentials: $"""
                [lab]
                aws_access_key_id = AKIDLAB
                aws_secret_access_key = {Secret}
                """);
        AwsConnection aws = Session(new SessionOptions { ProfileName = "lab" }, "parameter").Aws;

        Assert.Equal("eu-north-1", aws.Region);
        Assert.Equal("region of profile 'lab'", aws.RegionSetting.Source);
        Assert.Equal(new Uri("http://127.0.0.1:2"), aws.Endpoint("S3"));
        Assert.Equal(new Uri("http://127.0.0.1:1"), aws.Endpoint("STS"));
        Assert.Equal("AKIDLAB", aws.Credentials().GetCredentials().AccessKey);
        Assert.Equal("profile 'lab'", aws.CredentialSetting.Source);
    }

    [Fact]
    public void A_profile_asked_for_beats_keys_in_the_environment_and_a_profile_in_the_environment_does_not()
    {
        Files("", $"[lab]\naws_access_key_id = AKIDLAB\naws_secret_access_key = {Secret}\n");
        variables["AWS_ACCESS_KEY_ID"] = "AKIDENV";
        variables["AWS_SECRET_ACCESS_KEY"] = Secret;
        variables["AWS_PROFILE"] = "lab";

        Assert.Equal("AKIDENV", AccessKey(new SessionOptions()));
        Assert.Equal("AKIDLAB", AccessKey(new SessionOptions { ProfileName = "lab" }));
    }

    [Fact]
    public void Keys_of_an_outer_session_give_way_to_a_profile_asked_for_later()
    {
        Files("", $"[lab]\naws_access_key_id = AKIDLAB\naws_secret_access_key = {Secret}\n");
        LabSession outer = Session(new SessionOptions { Keys = new AwsKeys("AKIDOUTER", Secret) }, "Connect-Lab");

        LabSession inner = LabSession.Resolve(new SessionOptions { ProfileName = "lab" }, "parameter", outer);

        Assert.Equal("AKIDLAB", inner.Aws.Credentials().GetCredentials().AccessKey);
    }

    [Fact]
    public void The_endpoint_of_a_service_beats_the_common_one_and_both_can_be_ignored()
    {
        variables["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1";
        variables["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:2";
        AwsConnection aws = Session(new(), "environment").Aws;
        Assert.Equal("environment AWS_ENDPOINT_URL_S3", aws.EndpointSetting("S3").Source);
        Assert.Equal("environment AWS_ENDPOINT_URL", aws.EndpointSetting("IAM").Source);

        variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
        Assert.Null(Session(new(), "environment").Aws.Endpoint("S3"));
    }

    [Fact]
    public void An_endpoint_of_S3_alone_serves_the_others_only_where_nothing_else_is_said()
    {
        SessionOptions options = new() { S3EndpointUrl = new Uri("http://127.0.0.1:3") };
        AwsConnection aws = Session(options, "plan").Aws;
        Assert.Equal((3, 3), (aws.Endpoint("S3")!.Port, aws.Endpoint("STS")!.Port));

        variables["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:4";
        variables["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:5";
        aws = Session(options, "plan").Aws;
        Assert.Equal((3, 4, 3), (aws.Endpoint("S3")!.Port, aws.Endpoint("STS")!.Port, aws.Endpoint("IAM")!.Port));
        aws = Session(options with { EndpointUrl = new Uri("http://127.0.0.1:6") }, "plan").Aws;
        Assert.Equal((3, 6), (aws.Endpoint("S3")!.Port, aws.Endpoint("STS")!.Port));
    }

    [Fact]
    public void A_profile_without_an_endpoint_gets_nobody_elses()
    {
        Files(
            config: $"""
                [default]
                endpoint_url = http://127.0.0.1:1
                [profile prod]
                region = cn-north-1
                [profile own]
                endpoint_url = http://127.0.0.1:2
                ignore_configured_endpoint_urls = true
                """,
            credentials: $"[prod]\naws_access_key_id = AKIDPROD\naws_secret_access_key = {Secret}\n[own]\naws_access_key_id = AKIDOWN\naws_secret_access_key = {Secret}\n");
        foreach (string empty in new[] { "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" })
        {
            variables[empty] = "";
        }

        AwsConnection prod = Session(new SessionOptions { ProfileName = "prod" }, "parameter").Aws;
        foreach (string service in new[] { "S3", "STS", "IAM" })
        {
            Assert.Null(prod.Endpoint(service));
            Assert.Equal($"https://{service.ToLowerInvariant()}.amazonaws.com.cn", prod.ServiceUrl(service));
        }

        // The SDK's clients do not look for themselves.
        Assert.True(prod.Configure("S3", new Amazon.S3.AmazonS3Config()).IgnoreConfiguredEndpointUrls);
        Assert.Null(prod.Configure("S3", new Amazon.S3.AmazonS3Config()).ServiceURL);
        Assert.Null(Session(new SessionOptions { ProfileName = "own" }, "parameter").Aws.Endpoint("S3"));
        Assert.Equal("http://127.0.0.1:1", Session(new(), "environment").Aws.ServiceUrl("S3"));
    }

    [Fact]
    public void Temporary_credentials_carry_their_token()
    {
        variables["AWS_ACCESS_KEY_ID"] = "ASIA1";
        variables["AWS_SECRET_ACCESS_KEY"] = Secret;
        variables["AWS_SESSION_TOKEN"] = "token";

        ImmutableCredentials keys = Session(new(), "environment").Aws.Credentials().GetCredentials();

        Assert.Equal(("ASIA1", "token"), (keys.AccessKey, keys.Token));
    }

    [Fact]
    public async Task The_end_of_temporary_credentials_is_known_wherever_somebody_tells_it()
    {
        DateTimeOffset end = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);
        string answer = Path.Combine(folder, "answer.json");
        File.WriteAllText(
            answer, $$"""{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"{{Secret}}","SessionToken":"t","Expiration":"2030-01-02T03:04:05Z"}""");
        string print = OperatingSystem.IsWindows() ? "cmd /c type" : "cat";
        Files(
            $"[profile made]\ncredential_process = {print} {answer}\n",
            $"[other]\nx_security_token_expires = 2031-01-01T00:00:00Z\n[told]\naws_access_key_id = ASIA1\naws_secret_access_key = {Secret}\n"
            + $"aws_session_token = t\nx_security_token_expires = 2030-01-02T03:04:05Z\n[untold]\naws_access_key_id = ASIA1\naws_secret_access_key = {Secret}\n"
            + $"aws_session_token = t\n[lasting]\naws_access_key_id = AKIA1\naws_secret_access_key = {Secret}\n");
        Assert.Equal(end, await EndAsync(new SessionOptions { Keys = new AwsKeys("ASIA1", Secret, "t", end) }));
        Assert.Equal(end, await EndAsync(new SessionOptions { ProfileName = "told" }));

        // The SDK gives such credentials up a minute before their end.
        Assert.Equal(end, (await EndAsync(new SessionOptions { ProfileName = "made" }))!.Value, TimeSpan.FromMinutes(1));
        Assert.Null(await EndAsync(new SessionOptions { ProfileName = "untold" }));
        Assert.Null(await EndAsync(new SessionOptions { ProfileName = "lasting" }));

        (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_SESSION_TOKEN"]) = ("ASIA1", Secret, "t");
        Assert.Null(await EndAsync(new SessionOptions()));
        variables["AWS_CREDENTIAL_EXPIRATION"] = "2030-01-02T04:04:05+01:00";
        Assert.Equal(end, await EndAsync(new SessionOptions()));

        async Task<DateTimeOffset?> EndAsync(SessionOptions options) => (await Session(options, "test").Aws.CredentialsEndAsync(TestContext.Current.CancellationToken)).End;
    }

    [Fact]
    public void No_secret_is_in_what_a_session_shows()
    {
        variables["AWS_ACCESS_KEY_ID"] = "AKIDENV";
        variables["AWS_SECRET_ACCESS_KEY"] = Secret;
        AwsConnection aws = Session(new(), "environment").Aws;

        Assert.DoesNotContain(Secret, aws.CredentialSetting.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, new SessionOptions { Keys = new AwsKeys("AKID", Secret) }.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_credentials_the_error_says_what_to_do()
    {
        LabException e = Assert.Throws<LabException>(() => Session(new(), "environment").Aws.Credentials());

        Assert.Equal(("NoCredentials", LabErrorKind.AuthenticationFailed, true), (e.Code, e.Kind, e.StopsCommand));
        Assert.Contains("Connect-Lab", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing", "ProfileNotFound")]
    [InlineData("empty", "ProfileUnusable")]
    public void A_profile_that_cannot_serve_is_named(string name, string code)
    {
        Files("[profile empty]\nregion = eu-west-1\n", "");

        LabException e = Assert.Throws<LabException>(() => AccessKey(new SessionOptions { ProfileName = name }));

        Assert.Equal(code, e.Code);
        Assert.Contains($"'{name}'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_endpoint_that_is_no_url_is_refused_with_its_source()
    {
        variables["AWS_ENDPOINT_URL"] = "localhost:9000";

        LabException e = Assert.Throws<LabException>(() => Session(new(), "environment").Aws.Endpoint("S3"));

        Assert.Contains("AWS_ENDPOINT_URL", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://user:pass-word@host:9000", "user name or a password")]
    [InlineData("http://tok-en@host", "user name or a password")]
    [InlineData("http://u:p/pass-word@host", "user name or a password")]
    [InlineData("u:pass-word@host:9000", "is not a URL")]
    [InlineData("  AKIA:p@d/pass-word@host:9000", "is not a URL")]
    [InlineData("http://host:9000?x=1", "a query or a fragment")]
    [InlineData("http://host:9000/#a", "a query or a fragment")]
    [InlineData("http://", "is not a URL")]
    public void An_endpoint_with_more_than_an_address_is_refused_and_no_password_is_shown(string url, string says)
    {
        variables["AWS_ENDPOINT_URL"] = url;
        AwsConnection aws = Session(new(), "environment").Aws;
        LabException e = Assert.Throws<LabException>(() => aws.Endpoint("S3"));
        Assert.Equal("EndpointInvalid", e.Code);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.Contains("AWS_ENDPOINT_URL", e.Message, StringComparison.Ordinal);
        Assert.DoesNotMatch("pass-word|tok-en", e.Message + aws.EndpointSetting("S3"));
    }

    [Theory]
    [InlineData("eu west")]
    [InlineData("eu-west-1\n")]
    [InlineData("../x")]
    public void A_region_that_cannot_be_one_is_refused_with_its_source(string region)
    {
        variables["AWS_REGION"] = region;
        LabException e = Assert.Throws<LabException>(() => Session(new(), "environment").Aws.Region);
        Assert.Equal("RegionInvalid", e.Code);
        Assert.Contains("environment AWS_REGION", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_that_do_not_exist_are_no_reason_to_ask_amazon()
    {
        Files("[profile p]\nservices = nope\n", "");
        LabException e = Assert.Throws<LabException>(() => Session(new SessionOptions { ProfileName = "p" }, "parameter").Aws.Endpoint("S3"));
        Assert.Contains("[services nope]", e.Message, StringComparison.Ordinal);
    }

    private string AccessKey(SessionOptions options) => Session(options, "parameter").Aws.Credentials().GetCredentials().AccessKey;

    private LabSession Session(SessionOptions options, string source) => LabSession.Resolve(
        options, source, environment: new LabEnvironment(name => variables.GetValueOrDefault(name), folder));

    private void Files(string config, string credentials)
    {
        string aws = Directory.CreateDirectory(Path.Combine(folder, ".aws")).FullName;
        File.WriteAllText(Path.Combine(aws, "config"), config);
        File.WriteAllText(Path.Combine(aws, "credentials"), credentials);
    }
}
