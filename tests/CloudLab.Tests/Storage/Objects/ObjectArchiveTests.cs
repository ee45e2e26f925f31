using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Objects;
using CloudLab.Tests.Faults;
using Xunit;
using RestoreStatus = CloudLab.Core.Storage.Objects.RestoreStatus;

namespace CloudLab.Tests.Storage.Objects;

[Trait("Area", "Storage")]
public sealed class ObjectArchiveOnEmulatorTests() : ObjectArchiveTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "moto")]
public sealed class ObjectArchiveOnMotoTests() : ObjectArchiveTests(StorageServer.Moto);

/// <summary>Objects brought back from the archive. Ceph has none without a second cloud behind it.</summary>
public abstract class ObjectArchiveTests(StorageServer server) : StorageTest(server)
{
    [Fact]
    public async Task Archived_objects_come_back_in_bulk_and_others_are_errors()
    {
        await ArchiveAsync("a", S3StorageClass.Glacier);
        await ArchiveAsync("b c", S3StorageClass.DeepArchive);
        await PutAsync("plain");
        object?[] listed = [.. (await CmdletRunner.RunAsync("Get-LabObject", new { Bucket, Session })).Ok().Output];
        CmdletResult tried = (await CmdletRunner.RunAsync("Restore-LabObject", new { Days = 2, WhatIf = true, Session }, listed)).Ok();
        Assert.Contains(tried.Information, line => line.Contains($"s3://{Bucket}/b c", StringComparison.Ordinal) && line.Contains("2 days", StringComparison.Ordinal));
        Assert.Null((await Objects.GetAsync(Bucket, "a", ReadOptions.Default, Token)).RestoreInProgress);

        CmdletResult result = await CmdletRunner.RunAsync("Restore-LabObject", new { Days = 2, Tier = "Bulk", Session }, listed);
        Assert.Equal(
            [("a", RestoreStatus.Started, 2, RestoreTier.Bulk), ("b c", RestoreStatus.Started, 2, RestoreTier.Bulk)],
            result.OutputOf<LabObjectRestore>().OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => (r.Key, r.Status, r.Days!.Value, r.Tier)));
        Assert.Equal($"s3://{Bucket}/plain", Assert.Single(result.Errors).TargetObject);
        Assert.NotNull((await Objects.GetAsync(Bucket, "a", ReadOptions.Default, Token)).RestoreInProgress);
        Assert.Null((await Objects.GetAsync(Bucket, "plain", ReadOptions.Default, Token)).RestoreInProgress);
    }

    [Fact]
    public async Task What_is_back_stays_longer_when_asked_for_again()
    {
        await ArchiveAsync("a", S3StorageClass.Glacier);
        await CmdletRunner.RunAsync("Restore-LabObject", new { Bucket, Key = "a", Session });
        LabObjectMetadata back = Assert.Single((await CmdletRunner.RunAsync("Get-LabObject", new { Bucket, Key = "a", Session })).Ok().OutputOf<LabObjectMetadata>());
        Assert.NotNull(back.RestoreInProgress);
        LabObjectRestore again = Assert.Single((await CmdletRunner.RunAsync("Restore-LabObject", new { Bucket, Key = "a", Days = 9, Session })).Ok().OutputOf<LabObjectRestore>());
        Assert.Equal(back.RestoreInProgress is true ? RestoreStatus.InProgress : RestoreStatus.Restored, again.Status);
        if (back.RestoreInProgress is false)
        {
            Assert.True((await Objects.GetAsync(Bucket, "a", ReadOptions.Default, Token)).RestoreExpires > back.RestoreExpires);
        }
    }

    [Fact]
    public async Task One_that_is_missing_and_a_server_that_fails_are_errors_of_their_own()
    {
        await ArchiveAsync("a", S3StorageClass.Glacier);
        CmdletResult result = await CmdletRunner.RunAsync("Restore-LabObject", new { Bucket, Key = new[] { "none", "a" }, Session });
        Assert.StartsWith("NoSuchKey,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(result.Output);
        await using FaultProxy proxy = new(ServerUrl) { Plan = _ => new Fault(FaultKind.Status, 503) };
        CmdletResult failed = await CmdletRunner.RunAsync("Restore-LabObject", new { Bucket, Key = "a", Session = await ConnectAsync(proxy.Url) });
        Assert.Equal(System.Management.Automation.ErrorCategory.LimitsExceeded, Assert.Single(failed.Errors).CategoryInfo.Category);
        Assert.True(proxy.Seen.Count > 1);
    }

    private Task ArchiveAsync(string key, S3StorageClass storageClass) => Client.CallSdkAsync(
        Bucket, key,
        s3 => s3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = key, ContentBody = "cold", StorageClass = storageClass }, Token), Token);
}
