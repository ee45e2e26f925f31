using System.Management.Automation;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Transfers;

[Trait("Area", "Storage")]
public sealed class MultipartUploadsOnEmulatorTests() : MultipartUploadTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class MultipartUploadsOnCephTests() : MultipartUploadTests(StorageServer.Ceph);

/// <summary>Unfinished uploads: found, measured, aborted.</summary>
public abstract class MultipartUploadTests(StorageServer server) : StorageTest(server)
{
    private MultipartUploadStore Uploads => new(Client);

    [Fact]
    public async Task Uploads_are_listed_by_bucket_prefix_key_and_age()
    {
        foreach (string key in new[] { "a/1", "a/1", "a/12", "b\n\u00e9 +%2F" })
        {
            await Uploads.CreateAsync(Bucket, key, null, Token);
        }

        LabMultipartUpload[] all = await GetAsync(new { Bucket, Session });
        Assert.Equal(["a/1", "a/1", "a/12", "b\n\u00e9 +%2F"], all.Select(upload => upload.Key).Order(StringComparer.Ordinal));
        Assert.All(all, upload => Assert.InRange(upload.Initiated, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5)));
        Assert.All(all, upload => Assert.Equal(("STANDARD", true, null, null), (upload.StorageClass, upload.Initiator?.Length > 0, upload.Parts, upload.Size)));
        Assert.Equal(3, (await GetAsync(new { Bucket, Prefix = "a/", Session })).Length);
        Assert.Equal(2, (await GetAsync(new { Bucket, Key = "a/1", Session })).Length);
        Assert.Empty(await GetAsync(new { Bucket, OlderThan = "01:00:00", Session }));
        Assert.Equal(4, (await GetAsync(new { Session }, [new LabBucket { Bucket = Bucket }])).Length);
    }

    [Fact]
    public async Task Parts_and_size_so_far_are_told_when_asked_for()
    {
        string id = await Uploads.CreateAsync(Bucket, "k", null, Token);
        foreach (int number in new[] { 3, 1 })
        {
            LabObjectUrl url = await new ObjectUrls(Client).CreateAsync(
                Bucket, "k", new() { Action = ObjectUrlAction.UploadPart, UploadId = id, PartNumber = number }, Token);
            using HttpClient http = new();
            (await http.PutAsync(url.ToUri(), new ByteArrayContent(new byte[100 * number]), Token)).EnsureSuccessStatusCode();
        }

        LabMultipartUpload upload = Assert.Single(await GetAsync(new { Bucket, Parts = true, Session }));
        Assert.Equal(400, upload.Size);
        Assert.Equal([(1, 100L), (3, 300L)], upload.Parts!.Select(part => (part.PartNumber, part.Size)));
        Assert.All(upload.Parts!, part => Assert.Matches("^[0-9a-f]{32}$", part.ETag));
    }

    [Fact]
    public async Task Many_uploads_come_page_by_page_and_a_pipeline_that_has_seen_enough_stops_them()
    {
        string[] keys = [.. Enumerable.Range(0, 1005).Select(i => $"k{i:d4}")];
        await Parallel.ForEachAsync(keys, Token, async (key, token) => await Uploads.CreateAsync(Bucket, key, null, token));
        Assert.Equal(keys, (await GetAsync(new { Bucket, Session })).Select(upload => upload.Key).Order(StringComparer.Ordinal));
        await using FaultProxy proxy = new(ServerUrl);
        CmdletResult some = await CmdletRunner.RunAsync("Get-LabMultipartUpload", new { Bucket, Session = await ConnectAsync(proxy.Url) }, first: 3);
        Assert.Equal((3, true, 1), (some.Output.Count, some.Stopped, proxy.Seen.Count));
        (await CmdletRunner.RunAsync("Remove-LabMultipartUpload", new { Bucket, OlderThan = 0, Force = true, ThrottleLimit = 16, Session })).Ok();
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task Uploads_from_the_pipeline_are_aborted_and_one_that_is_gone_is_one_error()
    {
        string gone = await Uploads.CreateAsync(Bucket, "gone", null, Token);
        await Uploads.CreateAsync(Bucket, "k 1", null, Token);
        await Uploads.CreateAsync(Bucket, "k/../2", null, Token);
        object?[] listed = [.. await GetAsync(new { Bucket, Session })];
        await Uploads.AbortAsync(Bucket, "gone", gone, Token);
        CmdletResult tried = (await CmdletRunner.RunAsync("Remove-LabMultipartUpload", new { WhatIf = true, Force = true, Session }, listed)).Ok();
        Assert.Equal(3, tried.Information.Count);
        Assert.Contains($"s3://{Bucket}/k 1 (upload ", string.Concat(tried.Information), StringComparison.Ordinal);
        Assert.Equal(2, await UnfinishedUploadsAsync());

        CmdletResult asked = await CmdletRunner.RunAsync(
            "Remove-LabMultipartUpload", new { Session }, listed, answer: ConfirmAnswer.NoToAll);
        Assert.NotEmpty(asked.Ok().Questions);
        Assert.Equal(2, await UnfinishedUploadsAsync());

        CmdletResult removed = await CmdletRunner.RunAsync("Remove-LabMultipartUpload", new { Force = true, Session }, listed);
        ErrorRecord error = Assert.Single(removed.Errors);
        Assert.StartsWith("NoSuchUpload,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task Old_uploads_are_swept_and_young_ones_stay()
    {
        await Uploads.CreateAsync(Bucket, "a", null, Token);
        await Uploads.CreateAsync(Bucket, "b", null, Token);
        (await CmdletRunner.RunAsync("Remove-LabMultipartUpload", new { Bucket, OlderThan = 3600, Force = true, Session })).Ok();
        Assert.Equal(2, await UnfinishedUploadsAsync());
        (await CmdletRunner.RunAsync("Remove-LabMultipartUpload", new { Bucket, OlderThan = 0, Prefix = "a", Force = true, Session })).Ok();
        Assert.Equal("b", Assert.Single(await GetAsync(new { Bucket, Session })).Key);
        (await CmdletRunner.RunAsync("Remove-LabMultipartUpload", new { Bucket, OlderThan = 0, Force = true, Session })).Ok();
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task A_server_that_fails_is_asked_again_and_one_that_goes_on_failing_is_an_error_for_each_upload()
    {
        await Uploads.CreateAsync(Bucket, "a", null, Token);
        await Uploads.CreateAsync(Bucket, "b", null, Token);
        int failures = 0;
        await using FaultProxy proxy = new(ServerUrl)
        {
            Plan = _ => Interlocked.Increment(ref failures) % 2 == 1 ? new Fault(FaultKind.Status, 503) : Fault.None,
        };
        StorageClient through = new(await ConnectAsync(proxy.Url));
        List<LabMultipartUpload> listed = [];
        await foreach (LabMultipartUpload upload in new MultipartUploadStore(through).ListAsync(Bucket, cancellation: Token))
        {
            listed.Add(upload);
        }

        Assert.Equal(2, listed.Count);
        proxy.Plan = request => request.Method == "DELETE" && request.Target.Contains("/a?", StringComparison.Ordinal) ? new Fault(FaultKind.Status, 403) : Fault.None;
        CmdletResult swept = await CmdletRunner.RunAsync(
            "Remove-LabMultipartUpload", new { Bucket, OlderThan = 0, Force = true, Session = await ConnectAsync(proxy.Url) });
        Assert.Equal($"s3://{Bucket}/a", Assert.Single(swept.Errors).TargetObject);
        Assert.Equal("a", Assert.Single(await GetAsync(new { Bucket, Session })).Key);
    }

    [Fact]
    public async Task A_bucket_that_is_not_there_is_an_error()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabMultipartUpload", new { Bucket = Bucket + "-none", Session });
        Assert.StartsWith("NoSuchBucket,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private static async Task<LabMultipartUpload[]> GetAsync(object parameters, IEnumerable<object?>? input = null) =>
        (await CmdletRunner.RunAsync("Get-LabMultipartUpload", parameters, input)).Ok().OutputOf<LabMultipartUpload>();
}
