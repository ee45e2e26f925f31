using System.Management.Automation;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Sync;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Storage.Objects;

/// <summary>What a listing writes is looked for where it came from.</summary>
[Trait("Area", "Storage")]
public sealed class OriginTests() : StorageTest(StorageServer.Emulator)
{
    private LabEmulator emulator = null!;
    private LabSession other = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        emulator = await LabEmulator.StartAsync();
        other = LabSession.Resolve(emulator.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, Folder));
        await new BucketStore(new StorageClient(other)).CreateAsync(Bucket, null, Token);
        await PutAsync("a/k");
        await PutAsync("a/l");
        await PutAsync("a/k", other);
        await PutAsync("a/l", other);
    }

    public override async ValueTask DisposeAsync()
    {
        await emulator.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_listing_is_removed_where_it_was_listed()
    {
        LabObject[] listed = (await RunAsync("Get-LabObject", new { Bucket, Session = other })).OutputOf<LabObject>();
        Assert.All(listed, entry => Assert.Equal(StorageClient.EndpointOf(other), entry.EndpointUrl));
        await RunAsync("Remove-LabObject", new { Force = true }, listed);
        Assert.Equal(["a/k", "a/l"], await KeysAsync());
        Assert.Empty(await KeysAsync(other));
    }

    [Fact]
    public async Task Objects_of_two_sessions_in_one_pipeline_each_go_to_their_own()
    {
        LabObject here = (LabObject)(await RunAsync("Get-LabObject", new { Bucket, Key = "a/k", Session })).Output[0]!;
        LabObject there = (LabObject)(await RunAsync("Get-LabObject", new { Bucket, Key = "a/l", Session = other })).Output[0]!;
        await RunAsync("Remove-LabObject", new { Force = true }, [here, there]);
        Assert.Equal(["a/l"], await KeysAsync());
        Assert.Equal(["a/k"], await KeysAsync(other));

        // The work goes on while the next input is read.
        await PutAsync("a/k");
        await PutAsync("b", "of the first");
        await PutAsync("b", other, "of the second");
        object[] both = [.. await ListAsync(Session), .. await ListAsync(other)];
        LabObjectMetadata[] found = (await RunAsync("Get-LabObject", new { ThrottleLimit = 4 }, both)).OutputOf<LabObjectMetadata>();
        Assert.Equal(both.Length, found.Length);
        Assert.Equal(3, found.Count(entry => entry.EndpointUrl == StorageClient.EndpointOf(Session)));
        Assert.Equal(
            ["of the first", "of the second"],
            (await RunAsync("Get-LabObjectContent", new { }, both.Where(entry => ((LabObject)entry).Key == "b"))).Output);
    }

    [Fact]
    public async Task A_session_that_is_named_wins()
    {
        object[] listed = await ListAsync(other);
        await RunAsync("Remove-LabObject", new { Force = true, Session }, listed);
        Assert.Empty(await KeysAsync());
        Assert.Equal(["a/k", "a/l"], await KeysAsync(other));
    }

    [Fact]
    public async Task What_has_lost_its_session_is_refused_until_somebody_says_where()
    {
        PSObject read = new();
        read.Properties.Add(new PSNoteProperty("Bucket", Bucket));
        read.Properties.Add(new PSNoteProperty("Key", "a/k"));
        read.Properties.Add(new PSNoteProperty("EndpointUrl", StorageClient.EndpointOf(other)));
        CmdletResult refused = await CmdletRunner.RunAsync("Remove-LabObject", new { Force = true }, [read]);
        ErrorRecord error = Assert.Single(refused.Errors);
        Assert.StartsWith("OtherEndpoint", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"s3://{Bucket}/a/k came from {StorageClient.EndpointOf(other)}", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.ToString());
        Assert.Equal(["a/k", "a/l"], await KeysAsync(other));

        await RunAsync("Remove-LabObject", new { Force = true, Session = other }, [read]);
        Assert.Equal(["a/l"], await KeysAsync(other));
        Assert.Equal(["a/k", "a/l"], await KeysAsync());
    }

    [Fact]
    public async Task WhatIf_and_verbose_name_an_endpoint_that_is_not_the_default_one()
    {
        CmdletResult plan = await RunAsync("Remove-LabObject", new { WhatIf = true }, await ListAsync(other));
        Assert.Equal(2, plan.Information.Count(line => line.Contains($"(endpoint {StorageClient.EndpointOf(other)})", StringComparison.Ordinal)));
        Assert.Contains($"Using the storage service at {StorageClient.EndpointOf(other)}.", plan.Verbose);
        plan = await RunAsync("New-LabBucket", new { Bucket = "new-one", WhatIf = true, EndpointUrl = "http://127.0.0.1:1" });
        Assert.Contains("(endpoint http://127.0.0.1:1)", Assert.Single(plan.Information), StringComparison.Ordinal);
        plan = await RunAsync("New-LabBucket", new { Bucket = "new-one", WhatIf = true });
        Assert.DoesNotContain("endpoint", Assert.Single(plan.Information), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_listed_goes_back()
    {
        string file = NewFile("f.txt", 10);
        object bucket = Assert.Single((await RunAsync("Get-LabBucket", new { Bucket, Session = other })).Output)!;
        await RunAsync("Set-LabBucketVersioning", new { Status = "Enabled" }, [bucket]);
        await RunAsync("Set-LabBucketCors", new { Bucket, Origin = "https://a.example", Session = other });
        await RunAsync("New-LabObjectUrl", new { Bucket, Key = "part", PartCount = 1, Session = other });
        Dictionary<string, object?[]> listed = new()
        {
            ["LabBucket"] = [bucket],
            ["LabBucketUsage"] = [.. (await RunAsync("Get-LabBucket", new { IncludeSize = true }, [bucket])).Output],
            ["LabPrefix"] = [.. (await RunAsync("Get-LabObject", new { Delimiter = "/" }, [bucket])).Output],
            ["LabObjectVersion"] = [.. (await RunAsync("Get-LabObject", new { Bucket, Versions = true, Session = other })).Output],
            ["LabMultipartUpload"] = [.. (await RunAsync("Get-LabMultipartUpload", new { }, [bucket])).Output],
            ["LabBucketCorsRule"] = [.. (await RunAsync("Get-LabBucketCors", new { }, [bucket])).Output],
            ["LabBucketVersioning"] = [.. (await RunAsync("Get-LabBucketVersioning", new { }, [bucket])).Output],
            ["LabTransfer"] = [.. (await RunAsync("Send-LabObject", new { Bucket, Path = file, Session = other })).Output],
            ["LabSyncAction"] = [.. (await RunAsync("Sync-LabObject", new { Source = Folder, Destination = $"s3://{Bucket}/s", Session = other })).Output],
        };
        listed["LabObjectTag"] = [.. (await RunAsync("Get-LabObjectTag", new { }, await ListAsync(other))).Output];
        foreach ((string type, object?[] items) in listed)
        {
            Assert.NotEmpty(items);
            Assert.All(items, item =>
            {
                Assert.Equal(type, item!.GetType().Name);
                Assert.Equal(StorageClient.EndpointOf(other), ((ISessionItem)item).EndpointUrl);
                Assert.DoesNotContain(item.GetType().GetProperties(), property => property.PropertyType == typeof(LabSession) || property.PropertyType == typeof(SessionOrigin));
            });
        }

        Assert.NotEmpty((await RunAsync("Get-LabObject", new { }, listed["LabPrefix"])).OutputOf<LabObject>());
        Assert.All(
            (await RunAsync("Get-LabObject", new { }, [.. listed["LabTransfer"], .. listed["LabSyncAction"]])).OutputOf<LabObject>(),
            entry => Assert.Equal(StorageClient.EndpointOf(other), entry.EndpointUrl));
        await RunAsync("Remove-LabBucketCors", new { Force = true }, listed["LabBucketCorsRule"]);
        await RunAsync("Remove-LabMultipartUpload", new { Force = true }, listed["LabMultipartUpload"]);
        await RunAsync("Remove-LabObject", new { Force = true }, [.. (await RunAsync("Get-LabObject", new { Bucket, Versions = true, Session = other })).Output]);
        Assert.Empty(await new BucketCors(new StorageClient(other)).FindAsync(Bucket, Token));
        await RunAsync("Remove-LabBucket", new { Force = true }, [bucket]);
        Assert.Null(await new BucketStore(new StorageClient(other)).FindAsync(Bucket, Token));
        Assert.Equal(["a/k", "a/l"], await KeysAsync());
    }

    [Fact]
    public async Task What_is_written_somewhere_does_not_go_back()
    {
        object?[] received = [.. (await RunAsync("Receive-LabObject", new { Destination = Path.Combine(Folder, "in") }, await ListAsync(other))).Output];
        await RunAsync("Send-LabObject", new { Bucket, Prefix = "sent/", Session }, received);
        await RunAsync("Set-LabObjectContent", new { Bucket, Key = "names", Session }, await ListAsync(other));
        Assert.Equal(["a/k", "a/l", "names", "sent/k", "sent/l"], await KeysAsync());
        Assert.Equal(["a/k", "a/l"], await KeysAsync(other));
    }

    private static async Task<CmdletResult> RunAsync(string name, object parameters, IEnumerable<object?>? input = null) =>
        (await CmdletRunner.RunAsync(name, parameters, input)).Ok();

    private async Task<object[]> ListAsync(LabSession session) =>
        [.. (await RunAsync("Get-LabObject", new { Bucket, Session = session })).OutputOf<LabObject>()];

    private async Task<string[]> KeysAsync(LabSession session) => [.. (await ListAsync(session)).Select(entry => ((LabObject)entry).Key)];

    private Task PutAsync(string key, LabSession session, string content = "content") =>
        RunAsync("Set-LabObjectContent", new { Bucket, Key = key, Value = content, NoNewline = true, Session = session });
}
