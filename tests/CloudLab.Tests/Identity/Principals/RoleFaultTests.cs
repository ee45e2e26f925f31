using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using Xunit;

namespace CloudLab.Tests.Identity.Principals;

[Trait("Area", "Identity")]
public sealed class RoleFaultTests
{
    private const string Role = "<Role><RoleName>r</RoleName><Arn>arn:aws:iam::1:role/r</Arn><RoleId>AROA1</RoleId><Path>/</Path></Role>";

    private static readonly NewRole Wanted = new()
    {
        Name = "r",
        TrustPolicy = PolicyStatements.Trust(["123456789012"]),
        Policy = new PolicyDocument(PolicyStatements.ForBucket("movies", null, write: false)),
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_role_whose_policy_is_refused_is_removed_again()
    {
        await using FakeServer server = new(
            (200, FakeServer.Ok("CreateRole", Role)), (409, FakeServer.Error("LimitExceeded", "Too large.")),
            (200, FakeServer.Ok("ListRolePolicies", "<PolicyNames/>")), (200, FakeServer.Ok("DeleteRole", "")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => new RoleStore(server.Client).CreateAsync(Wanted, Cancellation));
        Assert.Equal("LimitExceeded", error.Code);
        Assert.Equal(["CreateRole", "PutRolePolicy", "ListRolePolicies", "DeleteRole"], server.Actions);
    }

    [Fact]
    public async Task A_role_that_cannot_be_removed_again_is_said_to_exist()
    {
        await using FakeServer server = new(
            (200, FakeServer.Ok("CreateRole", Role)), (409, FakeServer.Error("LimitExceeded", "Too large.")),
            (403, FakeServer.Error("AccessDenied", "No.")), (403, FakeServer.Error("AccessDenied", "No.")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => new RoleStore(server.Client).CreateAsync(Wanted, Cancellation));
        Assert.Equal("RoleHalfMade", error.Code);
        Assert.Contains("Role 'r' was created but has no policy", error.Message, StringComparison.Ordinal);
        Assert.Contains("Too large", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Ctrl+C while a request is on its way: the service carries it out all the same.</summary>
    [Theory]
    [InlineData("CreateRole", "CreateRole", "DeleteRole")]
    [InlineData("PutRolePolicy", "CreateRole", "PutRolePolicy", "ListRolePolicies", "DeleteRole")]
    public async Task A_role_is_removed_again_when_its_creation_is_stopped(string during, params string[] sent)
    {
        using CancellationTokenSource stop = new();
        await using FakeServer server = new(
            [(200, FakeServer.Ok("CreateRole", Role)), .. sent.Contains("PutRolePolicy") ? [(200, FakeServer.Ok("PutRolePolicy", ""))] : Array.Empty<(int, string)>(),
                (200, FakeServer.Ok("ListRolePolicies", "<PolicyNames/>")), (200, FakeServer.Ok("DeleteRole", ""))])
        {
            OnRequest = action => Stop(action == during, stop),
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new RoleStore(server.Client).CreateAsync(Wanted, stop.Token));
        Assert.Equal(sent, server.Actions.Where(action => action is not ("ListAttachedRolePolicies" or "ListInstanceProfilesForRole")));
    }

    [Fact]
    public async Task What_was_on_its_way_when_a_removal_is_stopped_is_said_to_be_removed()
    {
        using CancellationTokenSource stop = new();
        await using FakeServer server = new(
            (200, FakeServer.Ok("ListInstanceProfilesForRole", "<InstanceProfiles/>")),
            (200, FakeServer.Ok("ListRolePolicies", "<PolicyNames><member>one</member><member>two</member></PolicyNames>")),
            (200, FakeServer.Ok("ListAttachedRolePolicies", "<AttachedPolicies/>")))
        {
            OnRequest = action => Stop(action == "DeleteRolePolicy", stop),
        };
        Warnings said = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new RoleStore(new IdentityClient(server.Session, said)).RemoveAsync("r", force: true, stop.Token));
        Assert.Equal("The removal was stopped. Already removed: inline policy 'one'. Still there: inline policy 'two' and the role 'r' itself.", Assert.Single(said.Texts));
    }

    /// <summary>A pipeline that stops writes no error, so that what is left behind is a warning.</summary>
    [Fact]
    public async Task A_role_that_stays_when_its_creation_is_stopped_is_said_to_exist()
    {
        using CancellationTokenSource stop = new();
        await using FakeServer server = new((200, FakeServer.Ok("CreateRole", Role)), (403, FakeServer.Error("AccessDenied", "No.")))
        {
            OnRequest = action => Stop(action == "CreateRole", stop),
        };
        Warnings said = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new RoleStore(new IdentityClient(server.Session, said)).CreateAsync(Wanted, stop.Token));
        string warning = Assert.Single(said.Texts);
        Assert.StartsWith("Role 'r' was created before the command was stopped, and it could not be removed again", warning, StringComparison.Ordinal);
        Assert.EndsWith("remove it with Remove-LabRole -Force.", warning, StringComparison.Ordinal);
    }

    /// <summary>Somebody makes the policy a boundary while its attachments are being removed.</summary>
    [Fact]
    public async Task What_was_removed_is_said_where_something_is_found_that_stays()
    {
        Holder attachment = new("an attachment", _ => Task.CompletedTask), boundary = new("a use as boundary", null, "Set another first.");
        Queue<Holder> found = new([attachment, boundary]);
        await using FakeServer server = new((409, FakeServer.Error("DeleteConflict", "In use.")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => Removal.RunAsync(
            server.Client, "Policy 'p'", "p", _ => new[] { found.Dequeue() }.ToAsyncEnumerable(),
            token => server.Client.IamAsync("DeletePolicy", "Policy 'p'", "p", token), force: true, Cancellation));
        Assert.Equal("Policy 'p' cannot be removed while it has a use as boundary (DeleteConflict). Already removed: an attachment.", error.Message);
        Assert.Equal("Set another first.", error.Advice);
    }

    private static void Stop(bool now, CancellationTokenSource stop)
    {
        if (now)
        {
            stop.Cancel();
        }
    }

    [Fact]
    public async Task Nothing_is_sent_for_a_policy_that_is_wrong()
    {
        await using FakeServer server = new((200, FakeServer.Ok("CreateRole", Role)));
        NewRole wrong = Wanted with { Policy = PolicyStatements.Trust(["*"]) };
        await Assert.ThrowsAsync<LabException>(() => new RoleStore(server.Client).CreateAsync(wrong, Cancellation));
        Assert.Empty(server.Actions);
    }

    [Fact]
    public async Task A_marker_that_does_not_move_ends_the_list()
    {
        string page = FakeServer.Ok("ListRoles", $"<Roles><member>{Role[6..^7]}</member></Roles><IsTruncated>true</IsTruncated><Marker>m</Marker>");
        await using FakeServer server = new((200, page));
        int count = 0;
        await foreach (LabRole role in new RoleStore(server.Client).ListAsync(null, Cancellation))
        {
            Assert.True(++count < 10);
        }

        Assert.Equal(2, count);
    }

    [Fact]
    public async Task A_list_is_streamed()
    {
        string page = FakeServer.Ok("ListRoles", $"<Roles><member>{Role[6..^7]}</member></Roles><IsTruncated>true</IsTruncated><Marker>m</Marker>");
        await using FakeServer server = new((200, page), (500, FakeServer.Error("InternalFailure", "x")));
        await foreach (LabRole role in new RoleStore(server.Client).ListAsync(null, Cancellation))
        {
            Assert.Equal("r", role.Name);
            break;
        }

        Assert.Equal(["ListRoles"], server.Actions);
    }

    [Fact]
    public async Task A_trust_policy_that_is_not_understood_does_not_hide_the_role()
    {
        string strange = Role.Replace("</Role>", "<AssumeRolePolicyDocument>{\"Statement\":7}</AssumeRolePolicyDocument></Role>", StringComparison.Ordinal);
        await using FakeServer server = new(
            (200, FakeServer.Ok("GetRole", strange)),
            (200, FakeServer.Ok("ListRolePolicies", "<PolicyNames/>")),
            (200, FakeServer.Ok("ListRoleTags", "<Tags/>")),
            (200, FakeServer.Ok("ListAttachedRolePolicies", "<AttachedPolicies/>")));
        LabRole role = await new RoleStore(server.Client).GetAsync("r", Cancellation);
        Assert.Null(role.TrustPolicy);
        Assert.Equal("arn:aws:iam::1:role/r", role.RoleArn);
    }

    private sealed class Warnings : IReporter
    {
        public List<string> Texts { get; } = [];

        public void Verbose(string message)
        {
        }

        public void Warning(string message) => Texts.Add(message);

        public void Progress(ProgressUpdate update)
        {
        }
    }
}
