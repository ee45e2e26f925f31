using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Identity.Principals;

/// <summary>Roles end to end, on the emulator and on real servers.</summary>
public abstract class RoleTest : IAsyncLifetime
{
    private readonly List<string> roles = [];

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected LabSession Session { get; private set; } = null!;

    protected IdentityClient Client => new(Session);

    protected RoleStore Roles => new(Client);

    protected CallerStore Caller => new(Client);

    public virtual async ValueTask InitializeAsync() =>
        Session = LabSession.Resolve(await ConnectAsync(), "test", null, new LabEnvironment(_ => null, TestEnvironment.Folder));

    public virtual async ValueTask DisposeAsync()
    {
        foreach (string role in roles)
        {
            try
            {
                await Roles.RemoveAsync(role, force: true, CancellationToken.None);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
            {
                // The test has removed it.
            }
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_role_comes_back_as_it_was_created()
    {
        string name = NewName();
        PolicyDocument policy = new(PolicyStatements.ForBucket("movies", "data/", write: false));
        PolicyDocument trust = await TrustOwnAccountAsync();
        LabRole created = await Roles.CreateAsync(
            new NewRole
            {
                Name = name,
                TrustPolicy = trust,
                Policy = policy,
                PolicyName = "read",
                Path = "/lab/",
                Description = "Reads <movies> & more",
                MaxSessionDuration = TimeSpan.FromHours(2),
                Tags = new Dictionary<string, string> { ["team"] = "movies", ["cost"] = "7" },
            },
            Cancellation);
        Assert.EndsWith(":role/lab/" + name, created.RoleArn, StringComparison.Ordinal);

        LabRole found = await Roles.GetAsync(name, Cancellation);
        Assert.Equal((name, created.RoleArn, "/lab/", "Reads <movies> & more"), (found.Name, found.RoleArn, found.Path, found.Description));
        Assert.Equal(TimeSpan.FromHours(2), found.MaxSessionDuration);
        Assert.Equal(DateTimeOffset.UtcNow, found.CreateDate!.Value, TimeSpan.FromMinutes(5));
        Assert.Equal(trust.ToJson(), found.TrustPolicy!.ToJson());
        LabPolicyAttachment inline = Assert.Single(found.Policies!);
        Assert.Equal(("read", policy.ToJson()), (inline.PolicyName, inline.Document!.ToJson()));
        Assert.Empty(found.AttachedPolicies!);
        Assert.Equal(["cost=7", "team=movies"], found.Tags.Select(tag => $"{tag.Key}={tag.Value}").Order());
    }

    [Fact]
    public async Task A_name_is_taken_once_and_missing_ones_are_missing()
    {
        string name = await CreateAsync();
        Assert.Equal("EntityAlreadyExists", await CodeOf(() => CreateAsync(name)));
        Assert.Equal("NoSuchEntity", await CodeOf(() => Roles.GetAsync(name + "-not", Cancellation)));
        Assert.Equal("NoSuchEntity", await CodeOf(() => Roles.RemoveAsync(name + "-not", force: false, Cancellation)));
        Assert.Equal("NoSuchEntity", await CodeOf(() => Roles.RemoveAsync(name + "-not", force: true, Cancellation)));
    }

    [Fact]
    public async Task A_role_with_policies_is_only_removed_with_force()
    {
        string name = await CreateAsync(policy: new PolicyDocument(PolicyStatements.ForBucket("movies", null, write: true)));
        LabException conflict = await Assert.ThrowsAsync<LabException>(() => Roles.RemoveAsync(name, force: false, Cancellation));
        Assert.Equal(("DeleteConflict", LabErrorKind.Conflict), (conflict.Code, conflict.Kind));
        Assert.Contains("-Force", conflict.Advice, StringComparison.Ordinal);
        await Roles.RemoveAsync(name, force: true, Cancellation);
        Assert.Equal("NoSuchEntity", await CodeOf(() => Roles.GetAsync(name, Cancellation)));
    }

    [Fact]
    public async Task A_list_has_all_roles_without_their_policies()
    {
        string first = await CreateAsync(policy: new PolicyDocument(PolicyStatements.ForBucket("movies", null, write: true)));
        string second = await CreateAsync();
        List<LabRole> all = [];
        await foreach (LabRole role in Roles.ListAsync(null, Cancellation))
        {
            all.Add(role);
        }

        Assert.Equal([first, second], all.Select(role => role.Name).Where(n => n == first || n == second).OrderBy(n => n == first ? 0 : 1));
        Assert.All(all, role => Assert.Null(role.Policies));
        Assert.NotNull(all.First(role => role.Name == first).TrustPolicy);
    }

    [Fact]
    public async Task A_role_is_found_by_name_and_assumed()
    {
        string name = await CreateAsync();
        (string arn, _) = await Caller.FindRoleAsync(name, Cancellation);
        RoleCredentials credentials = await Caller.AssumeAsync(arn, "lab-test", TimeSpan.FromMinutes(20), null, null, null, Cancellation);
        Assert.Contains($":assumed-role/{name}/lab-test", credentials.AssumedRoleArn, StringComparison.Ordinal);
        Assert.Equal(DateTimeOffset.UtcNow.AddMinutes(20), credentials.Expiration, TimeSpan.FromMinutes(2));
        Assert.False(string.IsNullOrEmpty(credentials.Keys.SessionToken));
        Assert.Equal("NoSuchEntity", await CodeOf(() => Caller.FindRoleAsync(name + "-not", Cancellation)));
    }

    protected static async Task<string> CodeOf(Func<Task> call) => (await Assert.ThrowsAsync<LabException>(call)).Code;

    protected string NewName()
    {
        string name = "lab-" + Guid.NewGuid().ToString("N")[..12];
        roles.Add(name);
        return name;
    }

    protected async Task<string> CreateAsync(string? name = null, PolicyDocument? policy = null)
    {
        name ??= NewName();
        await Roles.CreateAsync(new NewRole { Name = name, TrustPolicy = await TrustOwnAccountAsync(), Policy = policy }, Cancellation);
        return name;
    }

    protected async Task<PolicyDocument> TrustOwnAccountAsync() =>
        PolicyStatements.Trust([$"arn:aws:iam::{await Caller.GetAccountAsync(Cancellation)}:root"]);

    /// <summary>The server's address and an administrator's keys.</summary>
    protected abstract ValueTask<SessionOptions> ConnectAsync();
}

/// <summary>What temporary credentials may do with objects, where policies are enforced.</summary>
public abstract class EnforcedRoleTest : RoleTest
{
    private string bucket = "";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        bucket = "lab-" + Guid.NewGuid().ToString("N")[..12];
        await new BucketStore(new StorageClient(Session)).CreateAsync(bucket, null, Cancellation);
        foreach (string key in new[] { "data/a.txt", "data/b.txt", "secret/c.txt" })
        {
            await PutAsync(Session, key);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Assert.Empty(await new BucketStore(new StorageClient(Session)).RemoveAsync(bucket, empty: true, CancellationToken.None));
    }

    [Fact]
    public async Task A_role_lists_the_buckets_of_its_account_if_it_may_and_renews_itself()
    {
        string name = await CreateAsync();
        string arn = (await Roles.GetAsync(name, Cancellation)).RoleArn;
        await Client.IamAsync("PutRolePolicy", name, null, Cancellation, ("RoleName", name), ("PolicyName", "p"),
            ("PolicyDocument", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"""));
        RoleRequest request = new() { RoleArn = arn, SessionName = "lister", Duration = TimeSpan.FromMinutes(15) };
        (LabSession lister, RoleCredentials first) = await new TemporarySessions(Session, NullReporter.Instance).AssumeAsync(request, "test", Cancellation);
        Assert.Contains(bucket, await NamesAsync(lister));
        TemporaryCredentials.Refuse((Amazon.Runtime.RefreshingAWSCredentials)lister.Aws.Credentials(), first.Keys.AccessKey);
        Assert.Contains(bucket, await NamesAsync(lister));
        Assert.NotEqual(first.Keys.AccessKey, (await lister.Aws.Credentials().GetCredentialsAsync()).AccessKey);

        // A session policy takes it away: refused, not an empty list.
        (LabSession limited, _) = await new TemporarySessions(Session, NullReporter.Instance).AssumeAsync(
            request with { SessionPolicy = new PolicyDocument(PolicyStatements.ForBucket(bucket, "data/", write: false)) }, "test", Cancellation);
        Assert.Equal(LabErrorKind.AccessDenied, (await Assert.ThrowsAsync<LabException>(() => NamesAsync(limited))).Kind);

        static async Task<List<string>> NamesAsync(LabSession session) =>
            await new BucketStore(new StorageClient(session)).ListAsync(null, Cancellation).Select(found => found.Bucket).ToListAsync(Cancellation);
    }

    [Fact]
    public async Task A_reader_of_a_prefix_reads_that_prefix_and_nothing_else()
    {
        LabSession reader = await AssumeAsync(new PolicyDocument(PolicyStatements.ForBucket(bucket, "data/", write: false)), null);
        Assert.Equal(["data/a.txt", "data/b.txt"], await ListAsync(reader, "data/"));
        Assert.Equal("x", await GetAsync(reader, "data/a.txt"));
        Assert.Equal("AccessDenied", await CodeOf(() => GetAsync(reader, "secret/c.txt")));
        Assert.Equal("AccessDenied", await CodeOf(() => ListAsync(reader, "secret/")));
        Assert.Equal("AccessDenied", await CodeOf(() => ListAsync(reader, null)));
        Assert.Equal("AccessDenied", await CodeOf(() => PutAsync(reader, "data/a.txt")));
    }

    [Fact]
    public async Task A_session_policy_limits_what_the_role_may()
    {
        LabSession session = await AssumeAsync(
            new PolicyDocument(PolicyStatements.ForBucket(bucket, null, write: true)),
            new PolicyDocument(PolicyStatements.ForBucket(bucket, "data/", write: false)));
        Assert.Equal("x", await GetAsync(session, "data/a.txt"));
        Assert.Equal("AccessDenied", await CodeOf(() => PutAsync(session, "data/a.txt")));
        Assert.Equal("AccessDenied", await CodeOf(() => GetAsync(session, "secret/c.txt")));
    }

    [Fact]
    public async Task An_explicit_deny_wins()
    {
        PolicyDocument policy = PolicyDocument.Parse($$"""
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Action":"s3:*","Resource":"*"},
              {"Effect":"Deny","Action":"s3:Get*","Resource":"arn:aws:s3:::{{bucket}}/secret/*"}]}
            """);
        LabSession session = await AssumeAsync(policy, null);
        await PutAsync(session, "data/a.txt");
        Assert.Equal("AccessDenied", await CodeOf(() => GetAsync(session, "secret/c.txt")));
        Assert.Equal(["secret/c.txt"], await ListAsync(session, "secret/"));
    }

    private async Task<LabSession> AssumeAsync(PolicyDocument policy, PolicyDocument? sessionPolicy)
    {
        string name = await CreateAsync(policy: policy);
        (string arn, _) = await Caller.FindRoleAsync(name, Cancellation);
        RoleCredentials credentials = await Caller.AssumeAsync(arn, "lab-test", null, sessionPolicy, null, null, Cancellation);
        return LabSession.Resolve(new SessionOptions { Keys = credentials.Keys }, "test", Session);
    }

    private async Task PutAsync(LabSession session, string key)
    {
        StorageClient client = new(session);
        TransferEngine engine = new(client);
        await using ObjectWriter writer = new(client, engine, bucket, key, new UploadOptions(), null, Cancellation);
        await writer.WriteAsync("x"u8.ToArray());
        await writer.CompleteAsync();
    }

    private async Task<string> GetAsync(LabSession session, string key) =>
        await new StorageClient(session).CallSdkAsync(
            bucket, key,
            async s3 =>
            {
                using var answer = await s3.GetObjectAsync(bucket, key, Cancellation);
                using StreamReader reader = new(answer.ResponseStream);
                return await reader.ReadToEndAsync(Cancellation);
            },
            Cancellation);

    private async Task<List<string>> ListAsync(LabSession session, string? prefix)
    {
        List<string> keys = [];
        await foreach (object entry in new ObjectStore(new StorageClient(session)).ListAsync(new ObjectListing { Bucket = bucket, Prefix = prefix ?? "" }, Cancellation))
        {
            keys.Add(((LabObject)entry).Key);
        }

        return keys;
    }
}

[Trait("Area", "Identity")]
public sealed class RoleTestsOnEmulator : EnforcedRoleTest
{
    private LabEmulator? emulator;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (emulator is not null)
        {
            await emulator.DisposeAsync();
        }
    }

    protected override async ValueTask<SessionOptions> ConnectAsync()
    {
        emulator = await LabEmulator.StartAsync(null, Cancellation);
        return emulator.Info.GetSessionOptions();
    }
}

[Trait("Area", "Identity")]
[Trait("Server", "s3")]
public sealed class RoleTestsOnCeph : EnforcedRoleTest
{
    public override async ValueTask DisposeAsync()
    {
        if (Session is not null)
        {
            await base.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_the_caller_is_cannot_be_asked()
    {
        LabException error = await Assert.ThrowsAsync<LabException>(() => Caller.GetIdentityAsync(Cancellation));
        Assert.Equal((LabErrorKind.NotSupported, "MethodNotAllowed"), (error.Kind, error.Code));
        Assert.Contains("does not offer this STS operation", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("RGW", await Caller.GetAccountAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_key_is_denied_with_advice_to_look_at_the_keys()
    {
        LabSession stranger = LabSession.Resolve(new SessionOptions { Keys = new AwsKeys("NOSUCHKEY", "wrong") }, "test", Session);
        LabException error = await Assert.ThrowsAsync<LabException>(() => new RoleStore(new IdentityClient(stranger)).GetAsync("x", Cancellation));
        Assert.Equal(LabErrorKind.AccessDenied, error.Kind);
        Assert.Contains("Get-LabSession", error.Advice, StringComparison.Ordinal);
    }

    protected override ValueTask<SessionOptions> ConnectAsync()
    {
        (Uri url, AwsKeys keys) = TestServers.Ceph();
        return ValueTask.FromResult(new SessionOptions { EndpointUrl = url, Keys = keys });
    }
}

[Trait("Area", "Identity")]
[Trait("Server", "moto")]
public sealed class RoleTestsOnMoto : RoleTest
{
    public override async ValueTask DisposeAsync()
    {
        if (Session is not null)
        {
            await base.DisposeAsync();
        }
    }

    [Fact]
    public async Task Managed_policies_and_instance_profiles_go_with_a_removed_role()
    {
        string name = await CreateAsync();
        string arn = (await Client.IamAsync("CreatePolicy", "x", null, Cancellation, ("PolicyName", name), ("PolicyDocument",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"""))).Element("Policy")!.Element("Arn")!.Value;
        await Client.IamAsync("AttachRolePolicy", "x", null, Cancellation, ("RoleName", name), ("PolicyArn", arn));
        await Client.IamAsync("CreateInstanceProfile", "x", null, Cancellation, ("InstanceProfileName", name));
        await Client.IamAsync("AddRoleToInstanceProfile", "x", null, Cancellation, ("InstanceProfileName", name), ("RoleName", name));
        Assert.Equal([arn], (await Roles.GetAsync(name, Cancellation)).AttachedPolicies);
        Assert.Equal("DeleteConflict", await CodeOf(() => Roles.RemoveAsync(name, force: false, Cancellation)));

        await Roles.RemoveAsync(name, force: true, Cancellation);
        Assert.Equal("NoSuchEntity", await CodeOf(() => Roles.GetAsync(name, Cancellation)));
        await Client.IamAsync("DeleteInstanceProfile", "x", null, Cancellation, ("InstanceProfileName", name));
        await Client.IamAsync("DeletePolicy", "x", null, Cancellation, ("PolicyArn", arn));
    }

    [Fact]
    public async Task The_callers_identity_has_account_arn_and_id()
    {
        LabCallerIdentity me = await Caller.GetIdentityAsync(Cancellation);
        Assert.Matches("^[0-9]{12}$", me.Account);
        Assert.StartsWith("arn:aws:", me.Arn, StringComparison.Ordinal);
        Assert.NotEqual("", me.UserId);
    }

    [Fact]
    public async Task Long_lists_are_read_to_their_end()
    {
        List<string> names = [];
        for (int i = 0; i < 105; i++)
        {
            names.Add(await CreateAsync());
        }

        HashSet<string> listed = [];
        await foreach (LabRole role in Roles.ListAsync(null, Cancellation))
        {
            Assert.True(listed.Add(role.Name));
        }

        Assert.Superset(names.ToHashSet(), listed);
    }

    protected override ValueTask<SessionOptions> ConnectAsync() =>
        ValueTask.FromResult(new SessionOptions { EndpointUrl = TestServers.Moto(), Keys = new AwsKeys("AKIAIOSFODNN7EXAMPLE", "test") });
}
