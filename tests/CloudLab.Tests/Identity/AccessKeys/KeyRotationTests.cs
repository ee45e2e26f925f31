using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Sessions.Aws;
using Xunit;

namespace CloudLab.Tests.Identity.AccessKeys;

/// <summary>Whatever fails while a key is replaced, the old key works again and is said to.</summary>
[Trait("Area", "Identity")]
public sealed class KeyRotationTests
{
    private const string Key = "<AccessKey><UserName>ann</UserName><AccessKeyId>AKIANEW</AccessKeyId><Status>Active</Status><SecretAccessKey>new-secret</SecretAccessKey></AccessKey>";
    private const string Identity = "<Arn>arn:aws:iam::1:user/ann</Arn><UserId>AIDA</UserId><Account>1</Account>";

    private static readonly (int, string) Made = (200, FakeServer.Ok("CreateAccessKey", Key));
    private static readonly (int, string) Known = (200, FakeServer.Ok("GetCallerIdentity", Identity).Replace("iam.amazonaws.com/doc/2010-05-08/", "sts.amazonaws.com/doc/2011-06-15/", StringComparison.Ordinal));
    private static readonly (int, string) Updated = (200, FakeServer.Ok("UpdateAccessKey", ""));
    private static readonly (int, string) Deleted = (200, FakeServer.Ok("DeleteAccessKey", ""));
    private static readonly (int, string) Refused = (403, FakeServer.Error("AccessDenied", "No."));
    private static readonly (int, string) Unknown = (403, FakeServer.Error("InvalidClientTokenId", "The security token included in the request is invalid."));

    private static readonly LabAccessKey Old = new() { UserName = "ann", AccessKeyId = "AKIAOLD", Status = "Active" };

    private readonly List<string> given = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_created_verified_deactivated_handed_out_and_deleted()
    {
        await using FakeServer server = new(Made, Unknown, Known, Updated, Deleted);
        await RotateAsync(server);
        Assert.Equal(["AKIANEW after UpdateAccessKey"], given);
        Assert.Equal(["CreateAccessKey", "GetCallerIdentity", "GetCallerIdentity", "UpdateAccessKey", "DeleteAccessKey"], server.Actions);
    }

    [Fact]
    public async Task A_key_that_is_not_accepted_is_removed_again()
    {
        await using FakeServer server = new(Made, Unknown, Deleted);
        LabException error = await FailAsync(server, TimeSpan.Zero);
        Assert.Contains("Access key AKIAOLD still works, and the new one was removed again", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("new-secret", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["CreateAccessKey", "GetCallerIdentity", "DeleteAccessKey"], server.Actions);
    }

    [Fact]
    public async Task A_deactivation_that_is_refused_removes_the_new_key()
    {
        await using FakeServer server = new(Made, Known, Refused, Deleted);
        LabException error = await FailAsync(server);
        Assert.Equal("AccessDenied", error.Code);
        Assert.Contains("Could not deactivate the old key", error.Message, StringComparison.Ordinal);
        Assert.Contains("the new one was removed again", error.Message, StringComparison.Ordinal);
        Assert.Equal(["CreateAccessKey", "GetCallerIdentity", "UpdateAccessKey", "DeleteAccessKey"], server.Actions);
        Assert.Contains("AccessKeyId=AKIANEW", server.Forms[^1], StringComparison.Ordinal);
        Assert.Empty(given);
    }

    [Fact]
    public async Task A_secret_that_cannot_be_written_undoes_everything()
    {
        await using FakeServer server = new(Made, Known, Updated, Updated, Deleted);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Rotation(server).RotateAsync("ann", Old, keepOld: false, (_, _) => throw new InvalidOperationException(), Cancellation));
        Assert.Equal(["CreateAccessKey", "GetCallerIdentity", "UpdateAccessKey", "UpdateAccessKey", "DeleteAccessKey"], server.Actions);
        Assert.Contains("Status=Active", server.Forms[3], StringComparison.Ordinal);
        Assert.Contains("AccessKeyId=AKIANEW", server.Forms[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_new_key_is_removed_even_where_the_old_one_cannot_be_activated_again()
    {
        await using FakeServer server = new(Made, Known, Updated, Refused, Deleted);
        LabException error = await Assert.ThrowsAsync<LabException>(() => Rotation(server).RotateAsync(
            "ann", Old, keepOld: false, (_, _) => throw new LabException(LabErrorKind.WriteFailed, "NoRoom", "No room."), Cancellation));
        Assert.Equal("RotationHalfDone", error.Code);
        Assert.Contains("AKIAOLD may be inactive", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("AKIANEW", error.Message, StringComparison.Ordinal);
        Assert.Equal("DeleteAccessKey", server.Actions[^1]);
    }

    [Fact]
    public async Task Stopping_removes_the_new_key()
    {
        using CancellationTokenSource stop = new();
        await using FakeServer server = new(Made, Unknown, Deleted);
        Task rotation = Rotation(server, poll: TimeSpan.FromMinutes(1), timeout: TimeSpan.FromMinutes(2)).RotateAsync("ann", Old, keepOld: false, HandOutAsync(server), stop.Token);
        while (!server.Actions.Contains("GetCallerIdentity"))
        {
            await Task.Delay(10, Cancellation);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rotation);
        Assert.Equal("DeleteAccessKey", server.Actions[^1]);
    }

    [Fact]
    public async Task A_deletion_that_is_refused_leaves_both_and_says_so()
    {
        await using FakeServer server = new(Made, Known, Updated, Refused);
        LabException error = await FailAsync(server);
        Assert.Equal(("OldKeyLeft", false), (error.Code, error.StopsCommand));
        Assert.Contains("AKIANEW works and was handed out, but the old one, AKIAOLD, could not be deleted", error.Message, StringComparison.Ordinal);
        Assert.Single(given);
        Assert.Equal(["CreateAccessKey", "GetCallerIdentity", "UpdateAccessKey", "DeleteAccessKey"], server.Actions);
    }

    [Fact]
    public async Task A_deletion_whose_answer_was_lost_is_no_failure()
    {
        await using FakeServer server = new(Made, Known, Updated, (404, FakeServer.Error("NoSuchEntity", "Gone.")));
        await RotateAsync(server);
        Assert.Single(given);
    }

    [Fact]
    public async Task A_failure_that_cannot_be_undone_says_which_key_is_left()
    {
        await using FakeServer server = new(Made, Known, Refused);
        LabException error = await FailAsync(server);
        Assert.Equal("RotationHalfDone", error.Code);
        Assert.Contains("The new access key AKIANEW works, and could not be removed again", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_cannot_be_created_changes_nothing()
    {
        await using FakeServer server = new((409, FakeServer.Error("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")));
        LabException error = await FailAsync(server);
        Assert.Contains("Nothing was changed", error.Message, StringComparison.Ordinal);
        Assert.Equal(["CreateAccessKey"], server.Actions);
    }

    [Theory]
    [InlineData("AKIATYPO", false, "NoSuchEntity")]
    [InlineData("AKIAOLD", false, "AccessKeyInactive")]
    [InlineData(null, false, "AccessKeyInactive")]
    [InlineData("AKIAOLD", true, null)]
    public async Task Only_an_active_key_of_the_user_is_replaced(string? id, bool force, string? code)
    {
        await using FakeServer server = new((200, FakeServer.Ok("ListAccessKeys", "<AccessKeyMetadata><member><UserName>ann</UserName><AccessKeyId>AKIAOLD</AccessKeyId><Status>Inactive</Status></member></AccessKeyMetadata>")));
        if (code is null)
        {
            Assert.Equal("AKIAOLD", (await Rotation(server).FindAsync("ann", id, force, Cancellation)).AccessKeyId);
        }
        else
        {
            Assert.Equal(code, (await Assert.ThrowsAsync<LabException>(() => Rotation(server).FindAsync("ann", id, force, Cancellation))).Code);
        }

        Assert.Equal(["ListAccessKeys"], server.Actions);
    }

    [Fact]
    public async Task A_new_key_is_removed_again_where_the_command_is_stopped_before_it_is_written()
    {
        using CancellationTokenSource stop = new();
        await using FakeServer server = new(Made, Deleted) { OnRequest = action => { if (action == "CreateAccessKey") { stop.Cancel(); Thread.Sleep(300); } } };
        CmdletResult result = await CmdletRunner.RunAsync("New-LabAccessKey", new { User = "ann", Session = server.Session }, ctrlC: stop.Token);
        Assert.True(result.Stopped);
        Assert.Equal(["CreateAccessKey", "DeleteAccessKey"], server.Actions);
        Assert.Contains("AccessKeyId=AKIANEW", server.Forms[^1], StringComparison.Ordinal);
        Assert.Contains(result.Notes, note => note.Contains("AKIANEW was removed again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_Select_Object_has_taken_stays()
    {
        await using FakeServer server = new(Made, Deleted);
        CmdletResult result = await CmdletRunner.RunAsync("New-LabAccessKey", new { User = "ann", Session = server.Session }, first: 1);
        Assert.Single(result.Output);
        Assert.Equal(["CreateAccessKey"], server.Actions);
    }

    private static KeyRotation Rotation(FakeServer server, TimeSpan? timeout = null, TimeSpan? poll = null) => new(server.Client)
    {
        Patience = new WaitOptions { Timeout = timeout ?? TimeSpan.FromSeconds(30), PollInterval = poll ?? TimeSpan.FromMilliseconds(1) },
    };

    private Func<LabAccessKey, AwsKeys, Task> HandOutAsync(FakeServer server) => (key, _) =>
    {
        given.Add($"{key.AccessKeyId} after {server.Actions[^1]}");
        return Task.CompletedTask;
    };

    private Task RotateAsync(FakeServer server, TimeSpan? timeout = null) =>
        Rotation(server, timeout).RotateAsync("ann", Old, keepOld: false, HandOutAsync(server), Cancellation);

    private Task<LabException> FailAsync(FakeServer server, TimeSpan? timeout = null) => Assert.ThrowsAsync<LabException>(() => RotateAsync(server, timeout));
}
