using System.Collections;
using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Amazon.Runtime;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Emulator;
using CloudLab.Emulator.Identity;
using CloudLab.Tests.Sessions.Aws;
using Xunit;

namespace CloudLab.Tests.Identity.Sts;

/// <summary>Temporary credentials as the cmdlets get them: renewed, with MFA, with tags, handed to other tools.</summary>
[Trait("Area", "Identity")]
public sealed class TemporarySessionTests : IAsyncLifetime
{
    private const string Anybody = """{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}""";
    private const string Everything = """{"Effect":"Allow","Action":"*","Resource":"*"}""";

    private static readonly ConcurrentBag<TcpListener> Taken = [];

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-sts-").FullName;
    private readonly Runspace runspace = TestRunspaces.Rent();
    private readonly TestClock clock = new();
    private LabEmulator emulator = null!;
    private LabSession root = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Account => emulator.Info.AccountId;

    public async ValueTask InitializeAsync()
    {
        emulator = await LabEmulator.StartAsync(new EmulatorOptions { Clock = clock }, Cancellation);
        root = LabSession.Resolve(emulator.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, folder));
    }

    public async ValueTask DisposeAsync()
    {
        TestRunspaces.Return(runspace);
        await emulator.DisposeAsync();

        // The SDK remembers for the whole process how far the clock of an address was off: no other test may get this one.
        TcpListener taken = new(IPAddress.Loopback, emulator.Info.EndpointUrl.Port);
        taken.Start();
        Taken.Add(taken);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Each goes another way to the service: IAM, STS and S3 of the SDK, and our own requests.</summary>
    [Theory]
    [InlineData("Get-LabRole", "Name", "*")]
    [InlineData("Get-LabCallerIdentity", null, null)]
    [InlineData("Get-LabBucket", null, null)]
    [InlineData("Get-LabObject", "Bucket", "movies")]
    public async Task A_session_that_the_service_calls_expired_renews_itself(string cmdlet, string? parameter, string? value)
    {
        await new BucketStore(new(root)).CreateAsync("movies", null, Cancellation);
        await RoleAsync("viewer", Anybody, Everything);
        clock.Advance(TimeSpan.FromMinutes(-10));
        LabSession session = await UseAsync(new() { ["Name"] = "viewer", ["Duration"] = 900 });
        string first = await KeyAsync(session);
        Assert.Equal("renewed automatically", session.Expiration.Source);
        Hashtable parameters = new() { ["Session"] = session };
        if (parameter is not null)
        {
            parameters[parameter] = value;
        }

        (await RunAsync(cmdlet, parameters)).Ok();
        Assert.Equal(first, await KeyAsync(session));

        clock.Advance(TimeSpan.FromMinutes(16));
        (await RunAsync(cmdlet, parameters)).Ok();
        Assert.NotEqual(first, await KeyAsync(session));
    }

    [Fact]
    public async Task Credentials_are_renewed_before_their_end_and_kept_where_that_fails()
    {
        int asked = 1;
        bool fails = true;
        TemporaryCredentials credentials = new(
            Keys(1), DateTime.UtcNow.AddMinutes(30),
            _ => fails ? throw new LabException(LabErrorKind.ServiceFailed, "Down", "It is down.") : Task.FromResult((Keys(++asked), DateTime.UtcNow.AddHours(1))),
            margin: TimeSpan.FromHours(1));
        Assert.Equal("ASIA1", (await credentials.GetCredentialsAsync()).AccessKey);
        fails = false;
        Assert.Equal("ASIA1", (await credentials.GetCredentialsAsync()).AccessKey);
        TemporaryCredentials renewed = new(Keys(1), DateTime.UtcNow.AddMinutes(30), _ => Task.FromResult((Keys(++asked), DateTime.UtcNow.AddHours(1))), margin: TimeSpan.FromHours(1));
        Assert.Equal(["ASIA2", "ASIA2"], [(await renewed.GetCredentialsAsync()).AccessKey, (await renewed.GetCredentialsAsync()).AccessKey]);
        credentials = renewed;

        // Replaced only if those that were refused are still in use.
        TemporaryCredentials.Refuse(credentials, "ASIA1");
        Assert.Equal("ASIA2", (await credentials.GetCredentialsAsync()).AccessKey);
        TemporaryCredentials.Refuse(credentials, "ASIA2");
        Assert.Equal("ASIA3", (await credentials.GetCredentialsAsync()).AccessKey);
        TemporaryCredentials down = new(Keys(1), DateTime.UtcNow.AddMinutes(30), _ => throw new LabException(LabErrorKind.ServiceFailed, "Down", "It is down."));
        TemporaryCredentials.Refuse(down, "ASIA1");
        Assert.Equal("Down", (await Assert.ThrowsAsync<LabException>(() => down.GetCredentialsAsync())).Code);

        static ImmutableCredentials Keys(int number) => new($"ASIA{number}", "s", "t");
    }

    [Fact]
    public async Task A_chain_of_roles_renews_from_its_beginning()
    {
        await RoleAsync("first", Anybody, Everything);
        await RoleAsync("second", Anybody, Everything);
        clock.Advance(TimeSpan.FromMinutes(-10));
        LabSession first = await UseAsync(new() { ["Name"] = "first", ["Duration"] = 900 });
        LabSession second = await UseAsync(new() { ["Name"] = "second", ["Duration"] = 900 }, first);
        string key = await KeyAsync(second);
        clock.Advance(TimeSpan.FromMinutes(16));
        Assert.EndsWith("assumed-role/second/" + second.Identity.Value!.Split('/')[^1], await ArnAsync(second), StringComparison.Ordinal);
        Assert.NotEqual(key, await KeyAsync(second));
    }

    [Fact]
    public async Task A_session_that_cannot_be_renewed_says_whose_fault_it_is_in_one_line()
    {
        await RoleAsync("viewer", Anybody, Everything);
        clock.Advance(TimeSpan.FromMinutes(-10));
        LabSession session = await UseAsync(new() { ["Name"] = "viewer", ["Duration"] = 900 });
        await new IdentityClient(root).IamAsync("UpdateAssumeRolePolicy", "x", null, Cancellation, ("RoleName", "viewer"),
            ("PolicyDocument", Document("""{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}""")));
        clock.Advance(TimeSpan.FromMinutes(16));
        ErrorRecord error = (await RunAsync("Get-LabBucket", new() { ["Session"] = session })).TerminatingError!;
        Assert.StartsWith("AccessDenied", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"The session of role 'arn:aws:iam::{Account}:role/viewer' cannot be renewed: ", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("\n", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_mfa_session_is_proved_once_and_used_for_every_role_until_it_ends()
    {
        (LabSession ann, string device, Func<string> code) = await UserWithMfaAsync();
        const string WithMfa = """{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}""";
        await RoleAsync("admin", WithMfa, Everything);
        await RoleAsync("other", WithMfa, Everything);

        // Without MFA, with a wrong code, with nobody to ask.
        ErrorRecord without = Assert.Single((await RunAsync("Use-LabRole", new() { ["Name"] = "admin", ["Session"] = ann })).Errors);
        Assert.StartsWith("MfaRequired", without.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("-MfaSerial", without.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        string good = code(), wrong = good == "000000" ? "000001" : "000000";
        ErrorRecord refused = (await RunAsync("Use-LabRole", new() { ["Name"] = "admin", ["Session"] = ann, ["MfaSerial"] = device, ["MfaCode"] = wrong })).TerminatingError!;
        Assert.Equal(ErrorCategory.AuthenticationError, refused.CategoryInfo.Category);
        Assert.Contains("invalid MFA one time pass code", refused.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("MfaCodeRequired", (await RunAsync("Use-LabRole", new() { ["Name"] = "admin", ["Session"] = ann, ["MfaSerial"] = device })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);

        // The device is looked up by itself; the code counts once, and once is enough.
        LabSession admin = await UseAsync(new() { ["Name"] = "admin", ["MfaCode"] = good }, ann);
        Assert.Contains("assumed-role/admin/", await ArnAsync(admin), StringComparison.Ordinal);
        CmdletResult again = (await RunAsync("Use-LabRole", new() { ["Name"] = "other", ["MfaSerial"] = device, ["MfaCode"] = good, ["PassThru"] = true, ["Session"] = ann })).Ok();
        Assert.Contains(again.Verbose, line => line.Contains("the code is not needed", StringComparison.Ordinal));
        await ArnAsync(again.OutputOf<LabSession>().Single());
        Assert.DoesNotContain(again.Verbose, line => line.Contains(good, StringComparison.Ordinal));

        // Another user's keys do not get it.
        LabSession bob = await UserAsync("bob");
        Assert.NotNull((await RunAsync("Use-LabRole", new() { ["Name"] = "other", ["MfaSerial"] = device, ["MfaCode"] = code(), ["Session"] = bob })).TerminatingError);
    }

    [Fact]
    public async Task An_mfa_session_that_has_ended_needs_another_code()
    {
        clock.Advance(TimeSpan.FromMinutes(-10));
        (LabSession ann, string device, Func<string> code) = await UserWithMfaAsync();
        CmdletResult got = (await RunAsync("Get-LabSessionToken", new() { ["Session"] = ann, ["MfaSerial"] = device, ["MfaCode"] = code(), ["Duration"] = 900 })).Ok();
        LabSession session = got.OutputOf<LabSession>().Single();
        Assert.Equal("then another MFA code is needed", session.Expiration.Source);
        Assert.EndsWith(":user/ann", await ArnAsync(session), StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromMinutes(16));
        Assert.StartsWith("MfaCodeRequired", (await RunAsync("Get-LabCallerIdentity", new() { ["Session"] = session })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        session = (await RunAsync("Get-LabSessionToken", new() { ["Session"] = ann, ["MfaSerial"] = device, ["MfaCode"] = code(), ["Duration"] = 900 })).Ok().OutputOf<LabSession>().Single();
        Assert.EndsWith(":user/ann", await ArnAsync(session), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_is_taken_once_and_a_device_belongs_to_one_user()
    {
        (LabSession ann, string device, Func<string> code) = await UserWithMfaAsync();
        CallerStore caller = new(new IdentityClient(ann));
        string now = code();
        await caller.GetSessionTokenAsync(null, device, now, Cancellation);
        Assert.Contains("invalid MFA one time pass code", (await Assert.ThrowsAsync<LabException>(() => caller.GetSessionTokenAsync(null, device, now, Cancellation))).Message, StringComparison.Ordinal);
        Assert.Equal([device], await caller.MfaDevicesAsync(Cancellation));

        IdentityClient client = new(root);
        Assert.Equal("DeleteConflict", (await Assert.ThrowsAsync<LabException>(() => client.IamAsync("DeleteVirtualMFADevice", "x", null, Cancellation, ("SerialNumber", device)))).Code);
        await client.IamAsync("DeactivateMFADevice", "x", null, Cancellation, ("SerialNumber", device), ("UserName", "ann"));
        await client.IamAsync("DeleteVirtualMFADevice", "x", null, Cancellation, ("SerialNumber", device));
        Assert.Empty(await caller.MfaDevicesAsync(Cancellation));
        ErrorRecord error = (await RunAsync("Use-LabRole", new() { ["Name"] = "x", ["MfaCode"] = "123456", ["Session"] = ann })).TerminatingError!;
        Assert.StartsWith("MfaSerialRequired", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_and_the_source_identity_count_and_go_along_the_chain()
    {
        const string Team = """{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"movies","aws:SourceIdentity":"ann"}}}""";
        await RoleAsync("first", Anybody, Team);
        await RoleAsync("second", Anybody, Team);
        LabSession plain = await UseAsync(new() { ["Name"] = "first" });
        Assert.Single((await RunAsync("Get-LabRole", new() { ["Session"] = plain })).Errors);
        LabSession first = await UseAsync(new()
        {
            ["Name"] = "first", ["Tag"] = new Hashtable { ["team"] = "movies", ["stage"] = "test" }, ["TransitiveTagKey"] = "team", ["SourceIdentity"] = "ann",
        });
        Assert.Equal(2, (await RunAsync("Get-LabRole", new() { ["Session"] = first })).Ok().Output.Count);
        LabSession second = await UseAsync(new() { ["Name"] = "second" }, first);
        Assert.Equal(2, (await RunAsync("Get-LabRole", new() { ["Session"] = second })).Ok().Output.Count);

        ErrorRecord error = Assert.Single((await RunAsync("Use-LabRole", new() { ["Name"] = "second", ["SourceIdentity"] = "bob", ["Session"] = first })).Errors);
        Assert.Contains("source identity", error.ToString(), StringComparison.Ordinal);
        await RoleAsync("untagged", """{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}""", Team);
        Assert.Contains("sts:TagSession", Assert.Single((await RunAsync("Use-LabRole", new() { ["Name"] = "untagged", ["Tag"] = new Hashtable { ["a"] = "b" }, ["Session"] = root })).Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_are_handed_over_as_text_on_request_only()
    {
        await RoleAsync("viewer", Anybody, Everything);
        CmdletResult used = (await RunAsync("Use-LabRole", new() { ["Name"] = "viewer", ["Export"] = "CredentialProcess", ["Session"] = root })).Ok();
        JsonNode json = JsonNode.Parse(used.OutputOf<string>().Single())!;
        Assert.Equal(1, (int)json["Version"]!);
        string secret = (string)json["SecretAccessKey"]!, token = (string)json["SessionToken"]!;
        Assert.True(DateTimeOffset.Parse((string)json["Expiration"]!, System.Globalization.CultureInfo.InvariantCulture) > DateTimeOffset.UtcNow.AddMinutes(55));
        Assert.DoesNotContain(used.Verbose, line => line.Contains(secret, StringComparison.Ordinal) || line.Contains(token, StringComparison.Ordinal));

        LabSession session = await UseAsync(new() { ["Name"] = "viewer" });
        string everything = (await ExportAsync(session, "Bash")) + (await ExportAsync(session, "PowerShell")) + (await ExportAsync(session, "Cmd"));
        string key = await KeyAsync(session);
        Assert.Contains($"export AWS_ACCESS_KEY_ID='{key}'\n", everything, StringComparison.Ordinal);
        Assert.Contains($"$env:AWS_ACCESS_KEY_ID = '{key}'\n", everything, StringComparison.Ordinal);
        Assert.Contains($"set \"AWS_ACCESS_KEY_ID={key}\"\n", everything, StringComparison.Ordinal);
        Assert.Contains($"export AWS_ENDPOINT_URL='{emulator.Info.EndpointUrl.OriginalString}'", everything, StringComparison.Ordinal);
        string shown = $"{session} {session.Credential} {session.Expiration}";
        Assert.DoesNotContain((await CredentialExport.KeysAsync(session, NullReporter.Instance, Cancellation)).SecretKey, shown, StringComparison.Ordinal);

        // Keys without a token end that of others.
        Assert.Contains("unset AWS_SESSION_TOKEN\n", await ExportAsync(root, "Bash"), StringComparison.Ordinal);
        Assert.Contains("$env:AWS_SESSION_TOKEN = $null\n", await ExportAsync(root, "PowerShell"), StringComparison.Ordinal);

        (await RunAsync("Get-LabSessionToken", new() { ["Session"] = root, ["SaveProfile"] = "mine" })).Ok();
        Assert.EndsWith(":root", (await RunAsync("Get-LabCallerIdentity", new() { ["Session"] = root, ["ProfileName"] = "mine" })).Ok().OutputOf<LabCallerIdentity>().Single().Arn, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, "slow")]
    [InlineData(-20, "fast")]
    public async Task A_clock_that_is_off_is_made_up_for_and_spoken_of(int minutes, string how)
    {
        await new BucketStore(new(root)).CreateAsync("movies", null, Cancellation);
        await RoleAsync("viewer", Anybody, Everything);
        clock.Advance(TimeSpan.FromMinutes(minutes));
        CmdletResult listed = (await RunAsync("Get-LabObject", new() { ["Bucket"] = "movies", ["Session"] = root })).Ok();
        Assert.Contains(listed.Warnings, line => line.StartsWith($"This machine's clock is 20 min {how}", StringComparison.Ordinal));
        LabSession session = await UseAsync(new() { ["Name"] = "viewer", ["Duration"] = 900 });
        string first = await KeyAsync(session);
        await ArnAsync(session);
        Assert.Equal(first, await KeyAsync(session));
    }

    [Fact]
    public async Task STS_alone_speaks_of_the_clock_too()
    {
        clock.Advance(TimeSpan.FromMinutes(20));
        CmdletResult me = (await RunAsync("Get-LabCallerIdentity", new() { ["Session"] = root })).Ok();
        Assert.Contains(me.Warnings, line => line.StartsWith("This machine's clock is 20 min slow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_clock_that_cannot_be_made_up_for_is_an_error_that_says_by_how_much()
    {
        await using FakeServer server = new((403, FakeServer.Error(
            "SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z (20260101T002000Z - 15 min.)")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => new RoleStore(server.Client).GetAsync("x", Cancellation));
        Assert.Equal(LabErrorKind.AuthenticationFailed, error.Kind);
        Assert.Contains("this machine's clock is 20 min slow", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("Correct this machine's clock", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_web_identity_needs_no_credentials_and_its_file_is_read_for_each_renewal()
    {
        await using FakeCloud cloud = new();
        string file = Path.Combine(folder, "token");
        await File.WriteAllTextAsync(file, "one\n", Cancellation);
        LabSession nobody = LabSession.Resolve(
            new SessionOptions { EndpointUrl = new Uri(cloud.Url) }, "test", null, new LabEnvironment(name => name == "AWS_EC2_METADATA_DISABLED" ? "true" : null, folder));
        Hashtable parameters = new()
        {
            ["RoleArn"] = "arn:aws:iam::123456789012:role/ci", ["WebIdentityTokenFile"] = file, ["SessionName"] = "job", ["Duration"] = 900, ["PassThru"] = true, ["Session"] = nobody,
        };
        LabSession session = (await RunAsync("Use-LabRole", parameters)).Ok().OutputOf<LabSession>().Single();
        Assert.Equal(["AssumeRoleWithWebIdentity arn:aws:iam::123456789012:role/ci by nobody job 900 one"], cloud.Requests);
        await File.WriteAllTextAsync(file, "two", Cancellation);
        TemporaryCredentials.Refuse((RefreshingAWSCredentials)session.Aws.Credentials(), await KeyAsync(session));
        Assert.Equal("ASIAROLE2", await KeyAsync(session));
        Assert.EndsWith(" two", cloud.Requests[^1], StringComparison.Ordinal);

        File.Delete(file);
        Assert.StartsWith("TokenFileUnreadable", (await RunAsync("Use-LabRole", parameters)).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        parameters.Remove("RoleArn");
        parameters["Name"] = "ci";
        Assert.StartsWith("RoleArnRequired", (await RunAsync("Use-LabRole", parameters)).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_asked_of_STS_is_sent()
    {
        await using FakeServer server = new((200, FakeServer.Ok("AssumeRole",
            "<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>")));
        (await RunAsync("Use-LabRole", new()
        {
            ["RoleArn"] = "arn:aws:iam::123456789012:role/x", ["SessionName"] = "me", ["Duration"] = 1800, ["ExternalId"] = "42", ["ManagedPolicy"] = "arn:aws:iam::aws:policy/ReadOnlyAccess",
            ["Policy"] = new Hashtable { ["Version"] = "2012-10-17", ["Statement"] = new Hashtable { ["Effect"] = "Allow", ["Action"] = "s3:*", ["Resource"] = "*" } },
            ["Tag"] = new Hashtable { ["team"] = "movies" }, ["TransitiveTagKey"] = "team", ["SourceIdentity"] = "ann", ["Session"] = server.Session,
        })).Ok();
        string form = Uri.UnescapeDataString(server.Forms[0]);
        Assert.All(
            ["RoleSessionName=me", "DurationSeconds=1800", "ExternalId=42", "PolicyArns.member.1.arn=arn:aws:iam::aws:policy/ReadOnlyAccess", "Policy={\"Version\"",
                "Tags.member.1.Key=team", "Tags.member.1.Value=movies", "TransitiveTagKeys.member.1=team", "SourceIdentity=ann"],
            part => Assert.Contains(part, form, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_emulator_says_that_it_has_no_EC2()
    {
        ErrorRecord error = Assert.Single((await RunAsync("Get-LabInstance", new() { ["Session"] = root })).Errors);
        Assert.Equal(("Instances: The emulator has no EC2 (InvalidAction).", ErrorCategory.NotImplemented), (error.ToString(), error.CategoryInfo.Category));
    }

    [Theory]
    [InlineData("Connect-Lab", "Region", "eu west", "RegionInvalid")]
    [InlineData("Get-LabSessionToken", "Duration", "60", "DurationInvalid")]
    [InlineData("Get-LabSessionToken", "MfaCode", "12", "ParameterArgumentValidationError")]
    public async Task What_makes_no_sense_is_refused_before_anything_is_sent(string cmdlet, string parameter, string value, string id)
    {
        CmdletResult result = await RunAsync(cmdlet, new() { [parameter] = value });
        Assert.StartsWith(id, result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private static string Document(string statement) => $$"""{"Version":"2012-10-17","Statement":[{{statement}}]}""";

    private static async Task<string> KeyAsync(LabSession session) => (await session.Aws.Credentials().GetCredentialsAsync()).AccessKey;

    private async Task RoleAsync(string name, string trust, string policy)
    {
        IdentityClient client = new(root);
        await client.IamAsync("CreateRole", name, null, Cancellation, ("RoleName", name), ("AssumeRolePolicyDocument", Document(trust)));
        await client.IamAsync("PutRolePolicy", name, null, Cancellation, ("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", Document(policy)));
    }

    private async Task<LabSession> UserAsync(string name)
    {
        IdentityClient client = new(root);
        await client.IamAsync("CreateUser", name, null, Cancellation, ("UserName", name));
        await client.IamAsync("PutUserPolicy", name, null, Cancellation, ("UserName", name), ("PolicyName", "p"), ("PolicyDocument", Document(Everything)));
        XElement key = (await client.IamAsync("CreateAccessKey", name, null, Cancellation, ("UserName", name))).Element("AccessKey")!;
        return LabSession.Resolve(new SessionOptions { Keys = new AwsKeys(key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value) }, "test", root);
    }

    // The codes come from the device's secret as an app would make them; each call gives the next one.
    private async Task<(LabSession User, string Device, Func<string> Code)> UserWithMfaAsync()
    {
        LabSession ann = await UserAsync("ann");
        IdentityClient client = new(root);
        XElement device = (await client.IamAsync("CreateVirtualMFADevice", "x", null, Cancellation, ("VirtualMFADeviceName", "ann"))).Element("VirtualMFADevice")!;
        string serial = device.Element("SerialNumber")!.Value;
        byte[] seed = Totp.FromBase32(Encoding.ASCII.GetString(Convert.FromBase64String(device.Element("Base32StringSeed")!.Value)));
        long step = Totp.StepAt(clock.GetUtcNow());
        Assert.Equal("InvalidAuthenticationCode", (await Assert.ThrowsAsync<LabException>(() => client.IamAsync("EnableMFADevice", "x", null, Cancellation,
            ("UserName", "ann"), ("SerialNumber", serial), ("AuthenticationCode1", Totp.Code(seed, step)), ("AuthenticationCode2", Totp.Code(seed, step))))).Code);
        await client.IamAsync("EnableMFADevice", "x", null, Cancellation,
            ("UserName", "ann"), ("SerialNumber", serial), ("AuthenticationCode1", Totp.Code(seed, step - 2)), ("AuthenticationCode2", Totp.Code(seed, step - 1)));
        return (ann, serial, () => Totp.Code(seed, Totp.StepAt(clock.GetUtcNow())));
    }

    private async Task<string> ArnAsync(LabSession session) =>
        (await RunAsync("Get-LabCallerIdentity", new() { ["Session"] = session })).Ok().OutputOf<LabCallerIdentity>().Single().Arn;

    private async Task<string> ExportAsync(LabSession session, string format) =>
        string.Concat((await RunAsync("Get-LabSession", new() { ["Session"] = session, ["Export"] = format })).Ok().OutputOf<string>().Select(line => line + "\n"));

    private async Task<LabSession> UseAsync(Hashtable parameters, LabSession? caller = null)
    {
        parameters["Session"] = caller ?? root;
        parameters["PassThru"] = true;
        return (await RunAsync("Use-LabRole", parameters)).Ok().OutputOf<LabSession>().Single();
    }

    private Task<CmdletResult> RunAsync(string cmdlet, Hashtable parameters) => CmdletRunner.RunAsync(cmdlet, parameters, runspace: runspace, location: folder);
}
