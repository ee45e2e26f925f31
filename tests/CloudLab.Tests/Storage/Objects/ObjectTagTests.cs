using System.Management.Automation;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Objects;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Objects;

[Trait("Area", "Storage")]
public sealed class ObjectTagsOnEmulatorTests() : ObjectTagTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class ObjectTagsOnCephTests() : ObjectTagTests(StorageServer.Ceph);

/// <summary>Tags of objects, one by one and in bulk.</summary>
public abstract class ObjectTagTests(StorageServer server) : StorageTest(server)
{
    [Fact]
    public async Task Tags_are_set_replaced_merged_and_removed()
    {
        const string key = "a//b/\u00e9 +%2F";
        await PutAsync(key);
        Assert.Empty((await GetAsync(key)).Tag);
        LabObjectTag set = Assert.Single((await RunAsync("Set-LabObjectTag", new { Bucket, Key = key, Tag = Tags("a", "1", "B", "x y=z"), PassThru = true, Session }))
            .Ok().OutputOf<LabObjectTag>());
        Assert.Equal(["B=x y=z", "a=1"], Words(set));
        Assert.Equal(["B=x y=z", "a=1"], Words(await GetAsync(key)));
        (await RunAsync("Set-LabObjectTag", new { Bucket, Key = key, Tag = Tags("c", "", "b", "2"), Session })).Ok();
        Assert.Equal(["b=2", "c="], Words(await GetAsync(key)));
        (await RunAsync("Set-LabObjectTag", new { Bucket, Key = key, Tag = Tags("b", "3", "d", "4"), Merge = true, Session })).Ok();
        Assert.Equal(["b=3", "c=", "d=4"], Words(await GetAsync(key)));
        (await RunAsync("Remove-LabObjectTag", new { Bucket, Key = key, Name = new[] { "b", "none" }, Force = true, Session })).Ok();
        Assert.Equal(["c=", "d=4"], Words(await GetAsync(key)));
        (await RunAsync("Set-LabObjectTag", new { Bucket, Key = key, Tag = Tags(), Session })).Ok();
        Assert.Empty((await GetAsync(key)).Tag);
        (await RunAsync("Set-LabObjectTag", new { Bucket, Key = key, Tag = Tags("e", "5"), Session })).Ok();
        (await RunAsync("Remove-LabObjectTag", new { Bucket, Key = key, Force = true, Session })).Ok();
        Assert.Empty((await GetAsync(key)).Tag);
    }

    [Fact]
    public async Task Many_objects_come_from_the_pipeline_and_each_missing_one_is_an_error()
    {
        string[] keys = [.. Enumerable.Range(0, 25).Select(i => $"k{i:d2}")];
        await Task.WhenAll(keys.Select(key => PutAsync(key)));
        object?[] listed = [.. (await RunAsync("Get-LabObject", new { Bucket, Session })).Ok().Output, new { Bucket, Key = "none" }];
        CmdletResult set = await RunAsync("Set-LabObjectTag", new { Tag = Tags("stage", "test"), ThrottleLimit = 8, Session }, listed);
        ErrorRecord error = Assert.Single(set.Errors);
        Assert.StartsWith("NoSuchKey,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal($"s3://{Bucket}/none", error.TargetObject);
        CmdletResult read = await RunAsync("Get-LabObjectTag", new { Session }, listed);
        Assert.Single(read.Errors);
        Assert.Equal(keys, read.OutputOf<LabObjectTag>().Select(tags => tags.Key).Order(StringComparer.Ordinal));
        Assert.All(read.OutputOf<LabObjectTag>(), tags => Assert.Equal(["stage=test"], Words(tags)));

        // What one cmdlet writes the other takes, tags and all.
        await PutAsync("copy");
        (await RunAsync("Set-LabObjectTag", new { Session }, [new { Bucket, Key = "copy", read.OutputOf<LabObjectTag>()[0].Tag }])).Ok();
        Assert.Equal(["stage=test"], Words(await GetAsync("copy")));
    }

    [Theory]
    [InlineData("11 tags")]
    [InlineData("a name of 129 characters")]
    [InlineData("a value of 257 characters")]
    [InlineData("a name of Amazon's")]
    [InlineData("no name")]
    [InlineData("a line break")]
    public async Task What_S3_would_not_take_is_refused_before_anything_is_sent(string what)
    {
        IReadOnlyDictionary<string, string> tags = what switch
        {
            "11 tags" => Enumerable.Range(0, 11).ToDictionary(i => $"t{i}", _ => ""),
            "a name of 129 characters" => Tags(new string('n', 129), ""),
            "a value of 257 characters" => Tags("n", new string('v', 257)),
            "a name of Amazon's" => Tags("aws:x", ""),
            "no name" => Tags("", "v"),
            _ => Tags("n", "a\nb"),
        };
        await using FaultProxy proxy = new(ServerUrl);
        CmdletResult result = await RunAsync("Set-LabObjectTag", new { Bucket, Key = "k", Tag = tags, Session = await ConnectAsync(proxy.Url) });
        Assert.StartsWith("InvalidTag,", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.TerminatingError.ToString());
        Assert.Empty(proxy.Seen);
    }

    [Fact]
    public async Task The_most_that_S3_takes_is_taken_and_one_more_by_merging_is_not()
    {
        await PutAsync("k");
        Dictionary<string, string> most = Enumerable.Range(0, 10).ToDictionary(i => $"{i}" + new string('n', 127), i => new string((char)('a' + i), 256));
        (await RunAsync("Set-LabObjectTag", new { Bucket, Key = "k", Tag = most, Session })).Ok();
        Assert.Equal(10, (await GetAsync("k")).Tag.Count);
        CmdletResult more = await RunAsync("Set-LabObjectTag", new { Bucket, Key = "k", Tag = Tags("one", "more"), Merge = true, Session });
        Assert.StartsWith("InvalidTag,", Assert.Single(more.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(10, (await GetAsync("k")).Tag.Count);
    }

    [Fact]
    public async Task Each_version_has_its_own_tags_and_urls()
    {
        await Client.CallSdkAsync(
            Bucket,
            s3 => s3.PutBucketVersioningAsync(
                new() { BucketName = Bucket, VersioningConfig = new() { Status = Amazon.S3.VersionStatus.Enabled } }, Token),
            Token);
        await PutAsync("k", "old");
        string old = (await Objects.GetAsync(Bucket, "k", ReadOptions.Default, Token)).VersionId!;
        await PutAsync("k", "new");
        (await RunAsync("Set-LabObjectTag", new { Bucket, Key = "k", Tag = Tags("age", "new"), Session })).Ok();
        LabObjectTag set = Assert.Single(
            (await RunAsync("Set-LabObjectTag", new { Tag = Tags("age", "old"), PassThru = true, Session }, [new { Bucket, Key = "k", VersionId = old }]))
            .Ok().OutputOf<LabObjectTag>());
        Assert.Equal(old, set.VersionId);
        Assert.Equal(["age=new"], Words(await GetAsync("k")));
        Assert.Equal(["age=old"], Words(Assert.Single((await RunAsync("Get-LabObjectTag", new { Session }, [set])).Ok().OutputOf<LabObjectTag>())));
        (await RunAsync("Remove-LabObjectTag", new { Force = true, Session }, [set])).Ok();
        Assert.Equal(["age=new"], Words(await GetAsync("k")));

        using HttpClient http = new();
        LabObjectUrl url = Assert.Single((await RunAsync("New-LabObjectUrl", new { Session }, [set])).Ok().OutputOf<LabObjectUrl>());
        Assert.Equal(("old", old), (await http.GetStringAsync(url.ToUri(), Token), url.VersionId));
        url = Assert.Single((await RunAsync("New-LabObjectUrl", new { Method = "PUT", Session }, [set])).Ok().OutputOf<LabObjectUrl>());
        Assert.Null(url.VersionId);
        CmdletResult none = await RunAsync("Get-LabObjectTag", new { Bucket, Key = "k", VersionId = new string('0', 32), Session });

        // S3 tells ids that it never gives from those that are gone.
        Assert.Contains(Assert.Single(none.Errors).CategoryInfo.Category, new[] { ErrorCategory.ObjectNotFound, ErrorCategory.InvalidData });
    }

    [Fact]
    public async Task WhatIf_and_no_change_nothing()
    {
        await PutAsync("k");
        (await RunAsync("Set-LabObjectTag", new { Bucket, Key = "k", Tag = Tags("a", "1"), Session })).Ok();
        CmdletResult tried = (await RunAsync("Set-LabObjectTag", new { Bucket, Key = "k", Tag = Tags("a", "2"), WhatIf = true, Session })).Ok();
        Assert.Contains($"s3://{Bucket}/k", Assert.Single(tried.Information), StringComparison.Ordinal);
        Assert.Single((await RunAsync("Remove-LabObjectTag", new { Bucket, Key = "k", Force = true, WhatIf = true, Session })).Ok().Information);
        CmdletResult asked = await CmdletRunner.RunAsync("Remove-LabObjectTag", new { Bucket, Key = "k", Session }, answer: ConfirmAnswer.No);
        Assert.Single(asked.Ok().Questions);
        Assert.Equal(["a=1"], Words(await GetAsync("k")));
    }

    [Fact]
    public async Task A_server_that_fails_once_is_asked_again()
    {
        await PutAsync("k");
        int requests = 0;
        await using FaultProxy proxy = new(ServerUrl)
        {
            Plan = _ => Interlocked.Increment(ref requests) % 2 == 1 ? new Fault(FaultKind.Status, 503) : Fault.None,
        };
        (await RunAsync("Set-LabObjectTag", new { Bucket, Key = "k", Tag = Tags("a", "1"), Merge = true, Session = await ConnectAsync(proxy.Url) })).Ok();
        Assert.Equal(["a=1"], Words(await GetAsync("k")));
        Assert.Equal(4, proxy.Seen.Count);
    }

    private static Dictionary<string, string> Tags(params string[] pairs) => pairs.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    private static IEnumerable<string> Words(LabObjectTag tags) =>
        tags.Tag.Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal);

    private static Task<CmdletResult> RunAsync(string name, object parameters, IEnumerable<object?>? input = null) =>
        CmdletRunner.RunAsync(name, parameters, input);

    private async Task<LabObjectTag> GetAsync(string key) =>
        Assert.Single((await RunAsync("Get-LabObjectTag", new { Bucket, Key = key, Session })).Ok().OutputOf<LabObjectTag>());
}
