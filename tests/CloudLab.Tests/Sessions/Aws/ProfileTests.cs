using System.Globalization;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using Xunit;

namespace CloudLab.Tests.Sessions.Aws;

/// <summary>Every kind of profile that the shared AWS configuration has.</summary>
[Trait("Area", "Sessions")]
public sealed class ProfileTests : IAsyncLifetime
{
    private const string Role = "arn:aws:iam::123456789012:role/reader", Keys = "aws_access_key_id = AKIDBASE\naws_secret_access_key = secret-of-the-test\n";

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-profiles-").FullName;
    private readonly Dictionary<string, string> variables = new() { ["AWS_EC2_METADATA_DISABLED"] = "true", ["AWS_REGION"] = "eu-west-1" };
    private readonly FakeCloud cloud = new();

    public ValueTask InitializeAsync()
    {
        variables["AWS_ENDPOINT_URL"] = cloud.Url;
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await cloud.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Static_keys_may_stand_in_either_file_and_the_credentials_file_goes_first()
    {
        Files("[profile a]\naws_access_key_id = AKIDCONFIG\naws_secret_access_key = x\n[profile b]\n" + Keys, "[a]\n" + Keys);
        Assert.Equal("AKIDBASE", AccessKey("a"));
        Assert.Equal("AKIDBASE", AccessKey("b"));
        Files("[profile a]\naws_access_key_id = AKIDCONFIG\n", "");
        Assert.Equal("Profile 'a' provides no credentials: 'aws_secret_access_key' is missing.", Refused("a").Message);
    }

    [Theory]
    [InlineData("[profile a] # mine\nregion = eu-north-1\n")]
    [InlineData("[profile a];mine\nregion = eu-north-1\n")]
    [InlineData("[profile \"a\"]\nregion = eu-north-1\n")]
    [InlineData("[ profile 'a' ]\nregion = eu-north-1\n")]
    [InlineData("[profile a]\n  region = eu-north-1\n  output = json\n")]
    [InlineData("  [profile a]\n\tregion=eu-north-1 # Stockholm\n")]
    [InlineData("[profile a]\nREGION = eu-north-1\n")]
    [InlineData("[profile a]\ns3 =\n  region = x\nregion = eu-north-1\n")]
    [InlineData("[profile a]\noutput = json\nregion = eu-west-9\n[profile b]\n[profile a]\nregion = eu-north-1\n")]
    [InlineData("this is no setting\n[profile a]\nneither is this\nregion = eu-north-1\n[broken\nregion = x\n")]
    public void A_section_is_read_however_it_is_written(string config)
    {
        variables.Remove("AWS_REGION");
        Files(config, "[a] # keys\n" + Keys);
        LabSession session = Session("a");
        Assert.Equal("eu-north-1", session.Aws.Region);
        Assert.Equal("AKIDBASE", session.Aws.Credentials().GetCredentials().AccessKey);
    }

    [Fact]
    public void A_name_with_spaces_is_quoted_and_profile_default_goes_before_default()
    {
        variables.Remove("AWS_REGION");
        Files("[profile \"my lab\"]\nregion = eu-north-1\n[default]\nregion = x\noutput = json\n[profile default]\nregion = eu-west-3\n", "[my lab]\n" + Keys);
        Assert.Equal("eu-north-1", Session("my lab").Aws.Region);
        Assert.Equal("eu-west-3", Session("default").Aws.Region);
    }

    [Fact]
    public void An_odd_line_is_named_where_a_profile_misses_something_and_nowhere_else()
    {
        Files("[profile a]\nregion eu-west-1\n[lab]\nregion = x\n", "[a]\n" + Keys);
        Assert.Equal("AKIDBASE", AccessKey("a"));
        LabException missing = Refused("lab");
        Assert.Equal("ProfileNotFound", missing.Code);
        Assert.Contains("line 2 of", missing.Message, StringComparison.Ordinal);
        Assert.Contains("must be '[profile lab]'", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_role_is_assumed_with_the_keys_of_its_source()
    {
        Files(
            $"[profile r]\nrole_arn = {Role}\nsource_profile = base\nrole_session_name = me\nexternal_id = x1\nduration_seconds = 900\n", "[base]\n" + Keys);
        AwsConnection aws = Session("r").Aws;
        Assert.Equal($"{Role} (secret hidden)", aws.CredentialSetting.Value);
        Assert.Empty(cloud.Requests);
        Assert.Equal("ASIAROLE1", aws.Credentials().GetCredentials().AccessKey);
        Assert.Equal([$"AssumeRole {Role} by AKIDBASE me x1 900"], cloud.Requests);

        // The next command has the same credentials; once the service has refused them there are new ones.
        AWSCredentials next = Session("r").Aws.Credentials();
        Assert.Equal("ASIAROLE1", next.GetCredentials().AccessKey);
        ((RefreshingAWSCredentials)next).ClearCredentials();
        Assert.Equal("ASIAROLE2", next.GetCredentials().AccessKey);
    }

    [Fact]
    public void A_chain_of_roles_is_followed_and_a_profile_may_be_its_own_source()
    {
        Files(
            $"[profile top]\nrole_arn = {Role}-2\nsource_profile = middle\n[profile middle]\nrole_arn = {Role}-1\nsource_profile = base\n"
            + $"[profile own]\nrole_arn = {Role}\nsource_profile = own\n{Keys}[profile over]\nrole_arn = {Role}-3\nsource_profile = own\n",
            "[base]\n" + Keys);
        Assert.Equal("ASIAROLE2", AccessKey("top"));
        Assert.Equal([$"AssumeRole {Role}-1 by AKIDBASE", $"AssumeRole {Role}-2 by ASIAROLE1"], cloud.Requests.Select(Short));
        Assert.Equal("ASIAROLE3", AccessKey("own"));
        Assert.Equal($"AssumeRole {Role} by AKIDBASE", Short(cloud.Requests[^1]));

        // As others' source it stands for its keys.
        AccessKey("over");
        Assert.Equal($"AssumeRole {Role}-3 by AKIDBASE", Short(cloud.Requests[^1]));
    }

    [Theory]
    [InlineData("source_profile = a", "its sources form a circle: a -> a")]
    [InlineData("source_profile = b\n[profile b]\nrole_arn = x\nsource_profile = a", "its sources form a circle: a -> b -> a")]
    [InlineData("source_profile = gone", "its source, profile 'gone', does not exist")]
    [InlineData("source_profile = c\n[profile c]\nregion = x", "its source, profile 'c', has none")]
    [InlineData("external_id = x", "needs 'source_profile', 'credential_source' or 'web_identity_token_file'")]
    [InlineData("source_profile = c\ncredential_source = Environment", "cannot be combined")]
    [InlineData("credential_source = Moon", "write Environment, Ec2InstanceMetadata or EcsContainer")]
    [InlineData("credential_source = Environment", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")]
    [InlineData("source_profile = k\nduration_seconds = long\n[profile k]\n" + Keys, "'duration_seconds' is 'long', not a number")]
    public void A_role_that_cannot_be_assumed_says_why(string settings, string reason)
    {
        Files($"[profile a]\nrole_arn = {Role}\n{settings}\n", "");
        LabException error = Refused("a");
        Assert.Equal(("ProfileUnusable", LabErrorKind.AuthenticationFailed, true), (error.Code, error.Kind, error.StopsCommand));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Empty(cloud.Requests);
    }

    [Fact]
    public async Task Why_a_role_is_refused_is_in_the_message_of_the_command()
    {
        Files($"[profile r]\nrole_arn = {Role}\nsource_profile = base\n", "[base]\n" + Keys);
        cloud.Refusal = "User: me is not authorized to perform: sts:AssumeRole on resource: reader";
        LabException error = await Assert.ThrowsAsync<LabException>(
            () => new CallerStore(new IdentityClient(Session("r"))).GetIdentityAsync(TestContext.Current.CancellationToken));
        Assert.Equal($"Profile 'r' cannot assume role '{Role}': User: me is not authorized to perform: sts:AssumeRole on resource: reader (AccessDenied).", error.Message);
        Assert.Equal(("AccessDenied", true), (error.Code, error.StopsCommand));
    }

    [Fact]
    public void A_program_gives_keys_and_can_be_a_source()
    {
        string answer = Path.Combine(folder, "answer.json");
        File.WriteAllText(answer, """{"Version":1,"AccessKeyId":"AKIDMADE","SecretAccessKey":"s"}""");
        Files($"[profile p]\ncredential_process = {(OperatingSystem.IsWindows() ? "cmd /c type" : "cat")} {answer}\n[profile r]\nrole_arn = {Role}\nsource_profile = p\n", "");
        Assert.Equal("AKIDMADE", AccessKey("p"));
        AccessKey("r");
        Assert.Equal($"AssumeRole {Role} by AKIDMADE", Short(Assert.Single(cloud.Requests)));
    }

    [Fact]
    public void A_web_identity_comes_from_a_profile_or_from_the_environment()
    {
        string token = Path.Combine(folder, "token");
        File.WriteAllText(token, "jwt-1\n");
        Files($"[profile w]\nrole_arn = {Role}\nweb_identity_token_file = {token}\nrole_session_name = ci\n", "");
        Assert.StartsWith("ASIAROLE", AccessKey("w"), StringComparison.Ordinal);
        Assert.Equal($"AssumeRoleWithWebIdentity {Role} by nobody ci jwt-1", cloud.Requests[^1]);

        (variables["AWS_WEB_IDENTITY_TOKEN_FILE"], variables["AWS_ROLE_ARN"], variables["AWS_ROLE_SESSION_NAME"]) = (token, Role + "-env", "pod");
        AwsConnection aws = Session(null).Aws;
        Assert.StartsWith("ASIAROLE", aws.Credentials().GetCredentials().AccessKey, StringComparison.Ordinal);
        Assert.Equal($"AssumeRoleWithWebIdentity {Role}-env by nobody pod jwt-1", cloud.Requests[^1]);

        variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = token + "-gone";
        Assert.Equal("TokenFileUnreadable", Assert.Throws<LabException>(() => Session(null).Aws.Credentials().GetCredentials()).Code);
    }

    [Fact]
    public void An_sso_profile_in_its_first_form_uses_the_token_of_its_start_url()
    {
        Files("[profile s]\nsso_start_url = https://lab.example/start\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = Reader\n", "");
        Token("https://lab.example/start", """{"accessToken":"token-1","expiresAt":"2999-01-01T00:00:00UTC"}""");
        AwsConnection aws = Session("s").Aws;
        Assert.Equal("Reader in account 123456789012 (secret hidden)", aws.CredentialSetting.Value);
        Assert.Equal("ASIASSO", aws.Credentials().GetCredentials().AccessKey);
        Assert.Equal(["GET /federation/credentials?account_id=123456789012&role_name=Reader token-1"], cloud.Requests);
    }

    [Fact]
    public void An_sso_session_renews_its_token_and_keeps_it_for_other_tools()
    {
        Files("[profile s]\nsso_session = lab\nsso_account_id = 210987654321\nsso_role_name = Reader\n[sso-session lab]\nsso_start_url = https://lab.example/start\nsso_region = eu-west-1\n", "");
        string file = Token("lab", """
            {"accessToken":"token-0","expiresAt":"2020-01-01T00:00:00Z","refreshToken":"refresh-1","clientId":"c","clientSecret":"cs","registrationExpiresAt":"2999-01-01T00:00:00Z","startUrl":"https://lab.example/start"}
            """);
        Assert.Equal("ASIASSO", AccessKey("s"));
        Assert.Equal(["POST /token", "GET /federation/credentials?account_id=210987654321&role_name=Reader token-2"], cloud.Requests);
        string kept = File.ReadAllText(file);
        Assert.Contains("\"refresh-2\"", kept, StringComparison.Ordinal);
        Assert.Contains("\"startUrl\"", kept, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "no sign-in is stored")]
    [InlineData("""{"accessToken":"token-1","expiresAt":"2020-01-01T00:00:00Z"}""", "the sign-in has expired")]
    [InlineData("""{"accessToken":"revoked","expiresAt":"2999-01-01T00:00:00Z"}""", "the sign-in has expired or was revoked")]
    [InlineData("no json", "cannot be read")]
    public void Whoever_is_not_signed_in_is_told_how_to(string? token, string reason)
    {
        Files("[profile s]\nsso_session = lab\nsso_account_id = 1\nsso_role_name = Reader\n[sso-session lab]\nsso_start_url = https://lab.example/start\nsso_region = eu-west-1\n", "");
        if (token is not null)
        {
            Token("lab", token);
        }

        LabException error = Assert.Throws<LabException>(() => AccessKey("s"));
        Assert.Equal(("SsoSignInRequired", true), (error.Code, error.StopsCommand));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.EndsWith("Run 'aws sso login --profile s'.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("sso_account_id = 1\nsso_role_name = R\nsso_session = lab", "there is no section [sso-session lab]")]
    [InlineData("sso_account_id = 1\nsso_start_url = https://x", "'sso_role_name' is missing")]
    public void An_sso_profile_that_lacks_something_says_what(string settings, string reason)
    {
        Files($"[profile s]\n{settings}\n", "");
        LabException error = Refused("s");
        Assert.Equal("ProfileUnusable", error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_role_is_assumed_with_what_the_environment_the_instance_or_the_container_has()
    {
        Files(
            $"[profile e]\nrole_arn = {Role}\ncredential_source = Environment\n[profile i]\nrole_arn = {Role}\ncredential_source = Ec2InstanceMetadata\n[profile c]\nrole_arn = {Role}\ncredential_source = EcsContainer\n", "");
        (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]) = ("AKIDENV", "s");
        variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = cloud.Url;
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = cloud.Url + "/container";
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic abc";
        AccessKey("e");
        AccessKey("i");
        AccessKey("c");
        Assert.Equal(
            [
                $"AssumeRole {Role} by AKIDENV", "PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/ imds-token", $"AssumeRole {Role} by ASIAINSTANCE",
                "GET /container Basic abc", $"AssumeRole {Role} by ASIACONTAINER",
            ],
            cloud.Requests.Select(Short));
    }

    [Fact]
    public void Without_a_profile_a_container_or_an_instance_gives_credentials_unless_that_is_forbidden()
    {
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = cloud.Url + "/container";
        Assert.Equal("ASIACONTAINER", Session(null).Aws.Credentials().GetCredentials().AccessKey);
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://somewhere.test/container";
        Assert.Equal("NoContainerCredentials", Assert.Throws<LabException>(() => Session(null).Aws.Credentials()).Code);
        variables.Remove("AWS_CONTAINER_CREDENTIALS_FULL_URI");

        variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = cloud.Url;
        Assert.Equal("NoCredentials", Assert.Throws<LabException>(() => Session(null).Aws.Credentials()).Code);
        variables.Remove("AWS_EC2_METADATA_DISABLED");
        cloud.IsOldInstance = true;
        Assert.Equal("ASIAINSTANCE", Session(null).Aws.Credentials().GetCredentials().AccessKey);
        variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
        Assert.Equal("NoCredentials", Assert.Throws<LabException>(() => Session(null).Aws.Credentials()).Code);
    }

    [Fact]
    public async Task An_mfa_code_is_asked_for_once()
    {
        Files($"[profile m]\nrole_arn = {Role}\nsource_profile = base\nrole_session_name = me\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n", "[base]\n" + Keys);
        LabException nobody = Assert.Throws<LabException>(() => AccessKey("m"));
        Assert.Equal(("MfaCodeRequired", true), (nobody.Code, nobody.StopsCommand));

        Asker asker = new();
        RequestLog.Current = asker;
        ImmutableCredentials[] all = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Session("m").Aws.Credentials().GetCredentialsAsync()));
        Assert.Equal(["Profile 'm': Code from the MFA device arn:aws:iam::123456789012:mfa/me"], asker.Questions);
        Assert.Equal([$"AssumeRole {Role} by AKIDBASE me arn:aws:iam::123456789012:mfa/me 123456"], cloud.Requests);
        Assert.All(all, keys => Assert.Equal("ASIAROLE1", keys.AccessKey));
    }

    [Fact]
    public void Another_secret_program_or_sign_in_never_gets_the_credentials_of_the_first()
    {
        string[] answers = ["AKIDONE", "AKIDTWO"];
        string[] commands = [.. answers.Select(id =>
        {
            string file = Path.Combine(folder, id + ".json");
            File.WriteAllText(file, $$"""{"Version":1,"AccessKeyId":"{{id}}","SecretAccessKey":"s"}""");
            return $"{(OperatingSystem.IsWindows() ? "cmd /c type" : "cat")} {file}";
        })];
        const string Sso = "sso_account_id = 31\nsso_role_name = Reader\n", Portal = "sso_start_url = https://same.example/start\n";
        Files(
            $"[profile p1]\ncredential_process = {commands[0]}\n[profile p2]\ncredential_process = {commands[1]}\n"
            + $"[profile r1]\nrole_arn = {Role}-p\nsource_profile = p1\n[profile r2]\nrole_arn = {Role}-p\nsource_profile = p2\n"
            + $"[profile s1]\nsso_session = one\n{Sso}[profile s2]\nsso_session = two\n{Sso}[profile s3]\nsso_session = three\n{Sso}"
            + $"[sso-session one]\nsso_region = eu-west-1\n{Portal}[sso-session two]\nsso_region = eu-west-1\n{Portal}[sso-session three]\nsso_region = eu-north-1\n{Portal}"
            + $"[profile k]\nrole_arn = {Role}-k\nsource_profile = base\n",
            "[base]\n" + Keys);
        AccessKey("r1");
        AccessKey("r2");
        Assert.Equal([$"AssumeRole {Role}-p by AKIDONE", $"AssumeRole {Role}-p by AKIDTWO"], cloud.Requests.Select(Short));

        // Whoever has signed in with one session has not signed in with the others.
        Token("one", """{"accessToken":"token-1","expiresAt":"2999-01-01T00:00:00Z"}""");
        Assert.Equal("ASIASSO", AccessKey("s1"));
        Assert.Equal("SsoSignInRequired", Assert.Throws<LabException>(() => AccessKey("s2")).Code);
        Assert.Equal("SsoSignInRequired", Assert.Throws<LabException>(() => AccessKey("s3")).Code);

        string first = AccessKey("k");
        Assert.Equal(first, AccessKey("k"));
        File.WriteAllText(Path.Combine(folder, ".aws", "credentials"), "[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = another\n");
        Assert.NotEqual(first, AccessKey("k"));
    }

    [Fact]
    public void A_login_that_failed_is_tried_again()
    {
        Files("", "");
        LabSession session = Session("late");
        Assert.Equal("ProfileNotFound", Assert.Throws<LabException>(() => session.Aws.Credentials()).Code);
        Files("", "[late]\n" + Keys);
        Assert.Equal("AKIDBASE", session.Aws.Credentials().GetCredentials().AccessKey);
    }

    [Theory]
    [InlineData("container")]
    [InlineData("@elsewhere.test/container")]
    [InlineData(".elsewhere.test/container")]
    [InlineData(":81/container")]
    [InlineData("http://elsewhere.test/container")]
    public void The_path_of_a_containers_credentials_never_leads_elsewhere(string path)
    {
        variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = path;
        LabException error = Assert.Throws<LabException>(() => Session(null).Aws.Credentials());
        Assert.Equal("NoContainerCredentials", error.Code);
        Assert.Contains($"'{path}', which is not a path that begins with '/'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_waits_for_credentials_can_stop()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/container";
        using CancellationTokenSource stop = new();
        Task<LabCallerIdentity> asking = new CallerStore(new IdentityClient(Session(null))).GetIdentityAsync(stop.Token);
        using Socket silent = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);

        // The next one is not cancelled with it.
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = cloud.Url + "/container";
        Assert.Equal("ASIACONTAINER", Session(null).Aws.Credentials().GetCredentials().AccessKey);
    }

    [Theory]
    [InlineData("printf 'a-secret-line\\nno access today' >&2; exit 3", "exited with code 3: no access today")]
    [InlineData("echo a-secret-line", "did not write JSON")]
    [InlineData("""echo '{"Version":1,"Version":1,"SecretAccessKey":"a-secret-line"}'""", "did not write JSON")]
    [InlineData("""echo '["a-secret-line"]'""", "\"Version\": 1")]
    [InlineData("""echo '{"Version":2}'""", "\"Version\": 1")]
    [InlineData("""echo '{"Version":1,"AccessKeyId":"AKID"}'""", "did not write AccessKeyId and SecretAccessKey")]
    [InlineData("""echo '{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"a-secret-line","Expiration":"soon"}'""", "is not a time")]
    [InlineData("""echo '{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"a-secret-line","Expiration":"2001-01-01T00:00:00Z"}'""", "expired at 2001-01-01")]
    public void A_credential_process_that_fails_is_named_with_its_profile_and_shows_no_secret(string script, string says)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs are shell scripts.");
        string file = Path.Combine(folder, "give.sh");
        File.WriteAllText(file, script);
        Files($"[profile p]\ncredential_process = sh {file} {Guid.NewGuid()}\n", "");
        LabException e = Assert.Throws<LabException>(() => AccessKey("p"));
        Assert.Equal("ProfileUnusable", e.Code);
        Assert.StartsWith("Profile 'p' provides no credentials: its credential_process ", e.Message, StringComparison.Ordinal);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret-line", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_process_that_does_not_end_is_ended_by_whoever_stops()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is a shell script.");
        string file = Path.Combine(folder, "pid"), script = Path.Combine(folder, "wait.sh");
        File.WriteAllText(script, $"echo $$ > {file}.new; mv {file}.new {file}; exec sleep 600");
        Files($"[profile p]\ncredential_process = sh {script}\n", "");
        using CancellationTokenSource stop = new();
        Task<LabCallerIdentity> asking = new CallerStore(new IdentityClient(Session("p"))).GetIdentityAsync(stop.Token);
        for (int i = 0; i < 1000 && !File.Exists(file); i++)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        using Process program = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), CultureInfo.InvariantCulture));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.True(program.WaitForExit(TimeSpan.FromSeconds(20)));
    }

    // Without the name of the session, which holds the time.
    private static string Short(string request) => request.Contains(" by ", StringComparison.Ordinal) ? string.Join(' ', request.Split(' ').Take(4)) : request;

    private string AccessKey(string profile) => Session(profile).Aws.Credentials().GetCredentials().AccessKey;

    private LabException Refused(string profile) => Assert.Throws<LabException>(() => Session(profile).Aws.Credentials());

    private LabSession Session(string? profile) => LabSession.Resolve(
        new SessionOptions { ProfileName = profile }, "test", null, new LabEnvironment(name => variables.GetValueOrDefault(name), folder));

    private void Files(string config, string credentials)
    {
        string aws = Directory.CreateDirectory(Path.Combine(folder, ".aws")).FullName;
        File.WriteAllText(Path.Combine(aws, "config"), config);
        File.WriteAllText(Path.Combine(aws, "credentials"), credentials);
    }

    // Where 'aws sso login' leaves it.
    private string Token(string name, string json)
    {
        string cache = Directory.CreateDirectory(Path.Combine(folder, ".aws", "sso", "cache")).FullName;
#pragma warning disable CA5350 // The name of a file, given by other tools.
        string file = Path.Combine(cache, Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(name))) + ".json");
#pragma warning restore CA5350
        File.WriteAllText(file, json);
        return file;
    }

    private sealed class Asker : IReporter
    {
        public List<string> Questions { get; } = [];

        public void Verbose(string message)
        {
        }

        public void Warning(string message)
        {
        }

        public void Progress(ProgressUpdate update)
        {
        }

        public Task<string?> AskAsync(string caption, string question)
        {
            Questions.Add($"{caption}: {question}");
            return Task.FromResult<string?>("123456");
        }
    }
}
