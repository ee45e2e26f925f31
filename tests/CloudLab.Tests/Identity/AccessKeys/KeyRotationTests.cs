using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Identity.AccessKeys;
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

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_created_verified_deactivated_and_deleted()
    {
        await using FakeServer server = new(Made, Unknown, Known, Updated, Deleted);
        (LabAccessKey key, _) = await Rotation(server).RotateAsync("ann", "AKIAOLD", keepOld: false, Cancellation);
        Assert.Equal("AKIANEW", key.AccessKeyId);
        Assert.Equal(["CreateAccessKey", "GetCallerIdentity", "GetCallerIdentity", "UpdateAccessKey", "DeleteAccessKey"], server.Actions);
    }

    [Fact]
    public async Task A_key_that_is_not_accepted_is_removed_again()
    {
        await using FakeServer server = new(Made, Unknown, Deleted);
        LabException error = await Assert.ThrowsAsync<LabException>(() => Rotation(server, TimeSpan.Zero).RotateAsync("ann", "AKIAOLD", keepOld: false, Cancellation));
        Assert.Contains("The old access key AKIAOLD still works, and the new one was removed again", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("new-secret", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["CreateAccessKey", "GetCallerIdentity", "DeleteAccessKey"], server.Actions);
    }

    [Fact]
    public async Task A_deletion_that_is_refused_activates_the_old_key_again()
    {
        await using FakeServer server = new(Made, Known, Updated, Refused, Updated, Deleted);
        LabException error = await Assert.ThrowsAsync<LabException>(() => Rotation(server).RotateAsync("ann", "AKIAOLD", keepOld: false, Cancellation));
        Assert.Equal(("AccessDenied", false), (error.Code, error.StopsCommand));
        Assert.Contains("Could not delete the old key", error.Message, StringComparison.Ordinal);
        Assert.Equal(["CreateAccessKey", "GetCallerIdentity", "UpdateAccessKey", "DeleteAccessKey", "UpdateAccessKey", "DeleteAccessKey"], server.Actions);
    }

    [Fact]
    public async Task A_deletion_whose_answer_was_lost_is_no_failure()
    {
        await using FakeServer server = new(Made, Known, Updated, (400, FakeServer.Error("Strange", "x")), (404, FakeServer.Error("NoSuchEntity", "Gone.")));
        (LabAccessKey key, _) = await Rotation(server).RotateAsync("ann", "AKIAOLD", keepOld: false, Cancellation);
        Assert.Equal("AKIANEW", key.AccessKeyId);
    }

    [Fact]
    public async Task A_failure_that_cannot_be_undone_says_which_keys_there_are()
    {
        await using FakeServer server = new(Made, Known, Refused);
        LabException error = await Assert.ThrowsAsync<LabException>(() => Rotation(server).RotateAsync("ann", "AKIAOLD", keepOld: false, Cancellation));
        Assert.Equal("RotationHalfDone", error.Code);
        Assert.Contains("AKIAOLD and AKIANEW", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_cannot_be_created_changes_nothing()
    {
        await using FakeServer server = new((409, FakeServer.Error("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => Rotation(server).RotateAsync("ann", "AKIAOLD", keepOld: false, Cancellation));
        Assert.Contains("Nothing was changed", error.Message, StringComparison.Ordinal);
        Assert.Equal(["CreateAccessKey"], server.Actions);
    }

    private static KeyRotation Rotation(FakeServer server, TimeSpan? timeout = null) => new(server.Client)
    {
        Patience = new WaitOptions { Timeout = timeout ?? TimeSpan.FromSeconds(30), PollInterval = TimeSpan.FromMilliseconds(1) },
    };
}
