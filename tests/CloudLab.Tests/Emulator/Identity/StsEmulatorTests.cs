using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Emulator;
using CloudLab.Tests.Identity;
using Xunit;

namespace CloudLab.Tests.Emulator.Identity;

/// <summary>STS of the emulator, spoken to by the AWS SDK's own client.</summary>
[Trait("Area", "Identity")]
public sealed class StsEmulatorTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private LabEmulator emulator = null!;
    private IdentityClient root = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Account => emulator.Info.AccountId;

    public async ValueTask InitializeAsync()
    {
        emulator = await LabEmulator.StartAsync(new EmulatorOptions { Clock = clock }, Cancellation);
        root = As(null);
    }

    public ValueTask DisposeAsync() => emulator.DisposeAsync();

    [Fact]
    public async Task Everybody_may_ask_who_they_are()
    {
        LabCallerIdentity me = await new CallerStore(root).GetIdentityAsync(Cancellation);
        Assert.Equal((Account, $"arn:aws:iam::{Account}:root", Account), (me.Account, me.Arn, me.UserId));

        IdentityClient ann = await User("ann", """{"Effect":"Deny","Action":"*","Resource":"*"}""");
        Assert.Equal($"arn:aws:iam::{Account}:user/ann", (await new CallerStore(ann).GetIdentityAsync(Cancellation)).Arn);

        await Role("viewer", """{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}""");
        LabCallerIdentity session = await new CallerStore(As((await Assume(root, "viewer")).Keys)).GetIdentityAsync(Cancellation);
        Assert.Equal($"arn:aws:sts::{Account}:assumed-role/viewer/test", session.Arn);
        Assert.Matches("^AROA[A-Z2-7]{17}:test$", session.UserId);
    }

    /// <summary>Whom the role trusts, what ann's own policy says of sts:AssumeRole, and whether ann may.</summary>
    [Theory]
    [InlineData("{\"AWS\":\"arn:aws:iam::ACCOUNT:user/ann\"}", "", true)]
    [InlineData("{\"AWS\":\"arn:aws:iam::ACCOUNT:user/ann\"}", "Deny", false)]
    [InlineData("{\"AWS\":\"arn:aws:iam::ACCOUNT:root\"}", "", false)]
    [InlineData("{\"AWS\":\"arn:aws:iam::ACCOUNT:root\"}", "Allow", true)]
    [InlineData("{\"AWS\":\"ACCOUNT\"}", "Allow", true)]
    [InlineData("{\"AWS\":\"999999999999\"}", "Allow", false)]
    [InlineData("{\"Service\":\"ec2.amazonaws.com\"}", "Allow", false)]
    [InlineData("\"*\"", "", true)]
    public async Task A_roles_trust_policy_decides_who_may_assume_it(string principal, string own, bool allowed)
    {
        IdentityClient ann = await User("ann", own.Length == 0 ? null : $$"""{"Effect":"{{own}}","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/viewer"}""");
        await Role("viewer", $$"""{"Effect":"Allow","Principal":{{principal.Replace("ACCOUNT", Account, StringComparison.Ordinal)}},"Action":"sts:AssumeRole"}""");
        if (allowed)
        {
            Assert.Matches("^ASIA[A-Z2-7]{16}$", (await Assume(ann, "viewer")).Keys.AccessKey);
        }
        else
        {
            LabException error = await Assert.ThrowsAsync<LabException>(() => Assume(ann, "viewer"));
            Assert.Equal((LabErrorKind.AccessDenied, "AccessDenied", (int?)403), (error.Kind, error.Code, error.StatusCode));
            Assert.Contains($"arn:aws:iam::{Account}:user/ann is not authorized to perform: sts:AssumeRole", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Conditions_of_a_trust_policy_hold()
    {
        await Role("viewer", """{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"films-42"},"StringLike":{"sts:RoleSessionName":"t*"}}}""");
        await Assert.ThrowsAsync<LabException>(() => Assume(root, "viewer"));
        await Assert.ThrowsAsync<LabException>(() => Assume(root, "viewer", externalId: "films-43"));
        await Assume(root, "viewer", externalId: "films-42");
    }

    [Fact]
    public async Task A_role_that_is_not_there_is_refused_like_one_that_does_not_trust()
    {
        LabException error = await Assert.ThrowsAsync<LabException>(() => Assume(root, "nobody"));
        Assert.Equal("AccessDenied", error.Code);
    }

    [Fact]
    public async Task A_session_may_what_its_role_may_and_its_session_policy_allows()
    {
        await Role("lister", """{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}""",
            """{"Effect":"Allow","Action":["iam:ListRoles","iam:ListUsers"],"Resource":"*"}""");
        IdentityClient full = As((await Assume(root, "lister")).Keys);
        await full.IamAsync("ListRoles", "roles", null, Cancellation);
        await full.IamAsync("ListUsers", "users", null, Cancellation);
        Assert.Equal("AccessDenied", await CodeOf(() => full.IamAsync("GetRole", "role", null, Cancellation, ("RoleName", "lister"))));

        PolicyDocument limit = PolicyDocument.Parse("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:ListRoles","iam:GetRole"],"Resource":"*"}}""");
        IdentityClient limited = As((await Assume(root, "lister", policy: limit)).Keys);
        await limited.IamAsync("ListRoles", "roles", null, Cancellation);
        Assert.Equal("AccessDenied", await CodeOf(() => limited.IamAsync("ListUsers", "users", null, Cancellation)));
        Assert.Equal("AccessDenied", await CodeOf(() => limited.IamAsync("GetRole", "role", null, Cancellation, ("RoleName", "lister"))));

        // What the role may is looked up anew with every request.
        await root.IamAsync("DeleteRolePolicy", "x", null, Cancellation, ("RoleName", "lister"), ("PolicyName", "p"));
        Assert.Equal("AccessDenied", await CodeOf(() => full.IamAsync("ListRoles", "roles", null, Cancellation)));
        await root.IamAsync("DeleteRole", "x", null, Cancellation, ("RoleName", "lister"));
        Assert.Equal("InvalidClientTokenId", await CodeOf(() => full.IamAsync("ListRoles", "roles", null, Cancellation)));
    }

    [Fact]
    public async Task Credentials_end_when_they_said_they_would()
    {
        await Role("viewer", """{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}""");
        RoleCredentials credentials = await Assume(root, "viewer", TimeSpan.FromMinutes(15));
        Assert.Equal(clock.GetUtcNow().AddMinutes(15), credentials.Expiration, TimeSpan.FromSeconds(5));
        CallerStore session = new(As(credentials.Keys));
        clock.Advance(TimeSpan.FromMinutes(10));
        await session.GetIdentityAsync(Cancellation);
        clock.Advance(TimeSpan.FromMinutes(6));
        LabException over = await Assert.ThrowsAsync<LabException>(() => session.GetIdentityAsync(Cancellation));
        Assert.Equal((LabErrorKind.AuthenticationFailed, "ExpiredToken"), (over.Kind, over.Code));
        Assert.Contains("Use-LabRole", over.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(14, "ValidationError")]
    [InlineData(61, "ValidationError")]
    [InlineData(721, "ValidationError")]
    public async Task A_duration_out_of_bounds_is_refused(int minutes, string code)
    {
        await Role("viewer", """{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}""");
        Assert.Equal(code, await CodeOf(() => Assume(root, "viewer", TimeSpan.FromMinutes(minutes))));
    }

    [Fact]
    public async Task Roles_assume_roles_for_an_hour_at_most()
    {
        await Role("first", """{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}""");
        await root.IamAsync("CreateRole", "x", null, Cancellation, ("RoleName", "second"), ("MaxSessionDuration", "14400"), ("AssumeRolePolicyDocument",
            $$"""{ "Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{Account}}:role/first"},"Action":"sts:AssumeRole"} }"""));
        Assert.Equal("AccessDenied", await CodeOf(() => Assume(root, "second")));
        IdentityClient first = As((await Assume(root, "first")).Keys);
        Assert.Equal("ValidationError", await CodeOf(() => Assume(first, "second", TimeSpan.FromHours(2))));
        Assert.EndsWith("assumed-role/second/test", (await Assume(first, "second")).AssumedRoleArn, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_users_session_token_stands_for_the_user()
    {
        IdentityClient ann = await User("ann", """{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"}""");
        var answer = await ann.StsAsync("GetSessionToken", "x", null, sts => sts.GetSessionTokenAsync(Cancellation), Cancellation);
        AwsKeys keys = new(answer.Credentials.AccessKeyId, answer.Credentials.SecretAccessKey, answer.Credentials.SessionToken);
        Assert.Equal($"arn:aws:iam::{Account}:user/ann", (await new CallerStore(As(keys)).GetIdentityAsync(Cancellation)).Arn);
        await As(keys).IamAsync("ListRoles", "roles", null, Cancellation);
        Assert.Equal("AccessDenied", await CodeOf(() => As(keys).StsAsync("GetSessionToken", "x", null, sts => sts.GetSessionTokenAsync(Cancellation), Cancellation)));
    }

    [Fact]
    public async Task Wrong_keys_are_refused_and_no_secret_shows()
    {
        await Role("viewer", """{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}""");
        AwsKeys good = (await Assume(root, "viewer")).Keys;
        foreach ((AwsKeys keys, string code) in new[]
        {
            (new AwsKeys("AKIANOBODYATALL00000", "whatever-secret"), "InvalidClientTokenId"),
            (new AwsKeys(emulator.Info.AccessKey, "whatever-secret"), "SignatureDoesNotMatch"),
            (new AwsKeys(good.AccessKey, good.SecretKey), "InvalidClientTokenId"),
            (new AwsKeys(good.AccessKey, good.SecretKey, "another-token"), "InvalidClientTokenId"),
            (new AwsKeys(good.AccessKey, "whatever-secret", good.SessionToken), "SignatureDoesNotMatch"),
        })
        {
            LabException error = await Assert.ThrowsAsync<LabException>(() => new CallerStore(As(keys)).GetIdentityAsync(Cancellation));
            Assert.Equal((LabErrorKind.AuthenticationFailed, code, true), (error.Kind, error.Code, error.StopsCommand));
            string everything = error + error.Message + error.Advice;
            Assert.DoesNotContain("whatever-secret", everything, StringComparison.Ordinal);
            Assert.DoesNotContain(good.SecretKey, everything, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(good.SecretKey, good.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> CodeOf(Func<Task> call) => (await Assert.ThrowsAsync<LabException>(call)).Code;

    private IdentityClient As(AwsKeys? keys)
    {
        SessionOptions options = emulator.Info.GetSessionOptions();
        return new IdentityClient(LabSession.Resolve(keys is null ? options : options with { Keys = keys }, "test"));
    }

    private async Task<IdentityClient> User(string name, string? statement)
    {
        await root.IamAsync("CreateUser", name, null, Cancellation, ("UserName", name));
        if (statement is not null)
        {
            await root.IamAsync("PutUserPolicy", name, null, Cancellation, ("UserName", name), ("PolicyName", "p"), ("PolicyDocument",
                $$"""{"Version":"2012-10-17","Statement":[{{statement}}]}"""));
        }

        XElement key = (await root.IamAsync("CreateAccessKey", name, null, Cancellation, ("UserName", name))).Element("AccessKey")!;
        return As(new AwsKeys(key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value));
    }

    private async Task Role(string name, string trust, string? policy = null)
    {
        await root.IamAsync("CreateRole", name, null, Cancellation, ("RoleName", name), ("AssumeRolePolicyDocument",
            $$"""{"Version":"2012-10-17","Statement":[{{trust}}]}"""));
        if (policy is not null)
        {
            await root.IamAsync("PutRolePolicy", name, null, Cancellation, ("RoleName", name), ("PolicyName", "p"), ("PolicyDocument",
                $$"""{"Version":"2012-10-17","Statement":[{{policy}}]}"""));
        }
    }

    private Task<RoleCredentials> Assume(
        IdentityClient caller, string role, TimeSpan? duration = null, PolicyDocument? policy = null, string? externalId = null) =>
        new CallerStore(caller).AssumeAsync($"arn:aws:iam::{Account}:role/{role}", "test", duration, policy, externalId, null, Cancellation);
}
