using System.Management.Automation;
using System.Security;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Transfers;

[Trait("Area", "Storage")]
public sealed class CopyMoveOnEmulatorTests() : CopyMoveTests(StorageServer.Emulator)
{
    [Fact]
    public async Task A_source_under_a_key_of_the_customer_needs_that_key()
    {
        string text = Convert.ToBase64String(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());
        EncryptionKey key = EncryptionKey.Parse(text);
        using SecureString secret = new();
        foreach (char c in text)
        {
            secret.AppendChar(c);
        }

        await PutAsync("a", [1, 2, 3], new UploadOptions { CustomerKey = key });
        ErrorRecord refused = Assert.Single((await RunAsync("Copy-LabObject", new { Bucket, Key = "a", DestinationKey = "b", Session })).Errors);
        Assert.Contains("-SourceCustomerKey", Assert.IsType<LabException>(refused.Exception).Advice, StringComparison.Ordinal);
        (await RunAsync("Move-LabObject", new { Bucket, Key = "a", DestinationKey = "b", SourceCustomerKey = secret, Session })).Ok();
        Assert.Equal([1, 2, 3], await Content.ReadBytesAsync(Bucket, "b", ReadOptions.Default, Token));
        (await RunAsync("Copy-LabObject", new { Bucket, Key = "b", DestinationKey = "c/d", CustomerKey = secret, Session })).Ok();
        string back = Path.Combine(Folder, "back");
        (await RunAsync("Sync-LabObject", new { Source = $"s3://{Bucket}/c", Destination = back, SourceCustomerKey = secret, Session })).Ok();
        Assert.Equal([1, 2, 3], File.ReadAllBytes(Path.Combine(back, "d")));
        File.SetLastWriteTimeUtc(Path.Combine(back, "d"), DateTime.UtcNow.AddHours(1));
        Assert.Empty((await RunAsync("Sync-LabObject", new { Source = back, Destination = $"s3://{Bucket}/c", CustomerKey = secret, Checksum = true, Session })).Ok().Output);
    }
}

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class CopyMoveOnCephTests() : CopyMoveTests(StorageServer.Ceph);

/// <summary>Copy-LabObject and Move-LabObject.</summary>
public abstract class CopyMoveTests(StorageServer server) : StorageTest(server)
{
    [Fact]
    public async Task A_copy_keeps_what_is_stored_with_the_object_unless_it_is_replaced()
    {
        await PutAsync("a b.json", [1, 2, 3], new UploadOptions { ContentType = "text/x-test", Metadata = new Dictionary<string, string> { ["author"] = "me" } });
        LabTransfer copy = Assert.Single((await RunAsync("Copy-LabObject", new { Bucket, Key = "a b.json", DestinationKey = "c+d/é", Session })).Ok().OutputOf<LabTransfer>());
        Assert.Equal(
            (TransferDirection.Copy, Bucket, "a b.json", Bucket, "c+d/é", 3L, null),
            (copy.Direction, copy.SourceBucket, copy.SourceKey, copy.Bucket, copy.Key, copy.Size, copy.FullName));
        LabObjectMetadata stored = await Objects.GetAsync(Bucket, "c+d/é", ReadOptions.Default, Token);
        Assert.Equal(("text/x-test", "me"), (stored.ContentType, stored.Metadata["author"]));
        Assert.Equal([1, 2, 3], await Content.ReadBytesAsync(Bucket, "c+d/é", ReadOptions.Default, Token));

        (await RunAsync("Copy-LabObject", new { Bucket, Key = "c+d/é", DestinationKey = "c+d/é", ContentType = "text/plain", Session })).Ok();
        stored = await Objects.GetAsync(Bucket, "c+d/é", ReadOptions.Default, Token);
        Assert.Equal(("text/plain", "me"), (stored.ContentType, stored.Metadata["author"]));
    }

    [Fact]
    public async Task Names_follow_the_rules_of_Receive_LabObject()
    {
        foreach (string key in new[] { "site/css/a.css", "site/css/b.css", "site/index.html", "site-map" })
        {
            await PutAsync(key);
        }

        await Run(new { Bucket, Prefix = "site/", DestinationPrefix = "1/", Session }, ["1/css/a.css", "1/css/b.css", "1/index.html"]);
        await Run(new { Bucket, Prefix = "site/c", DestinationPrefix = "2/", Session }, ["2/css/a.css", "2/css/b.css"]);
        await Run(new { Bucket, Prefix = "site", Exclude = "*.css", DestinationPrefix = "3/", Session }, ["3/site-map", "3/site/index.html"]);
        await Run(new { Bucket, Key = new[] { "site-map", "site/index.html" }, DestinationPrefix = "4/", Session }, ["4/site-map", "4/site/index.html"]);
        await Run(new { DestinationPrefix = "5/", Session }, ["5/site-map"], [new { Bucket, Key = "site-map", VersionId = (string?)null }]);

        async Task Run(object parameters, string[] expected, IEnumerable<object?>? input = null) => Assert.Equal(
            expected,
            (await RunAsync("Copy-LabObject", parameters, input)).Ok().OutputOf<LabTransfer>().Select(copy => copy.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_copy_below_its_own_prefix_ends()
    {
        await PutAsync("a");
        await PutAsync("b");
        (await RunAsync("Copy-LabObject", new { Bucket, Prefix = "", DestinationPrefix = "c/", Session })).Ok();
        Assert.Equal(["a", "b", "c/a", "c/b"], await KeysAsync());
    }

    [Theory]
    [InlineData("Copy-LabObject")]
    [InlineData("Move-LabObject")]
    public async Task What_would_replace_an_object_that_is_to_be_brought_away_waits_for_that(string name)
    {
        // 'a/a/x' is listed before 'a/x', and 'a/1' before 'a/a/1'.
        string[] keys = ["a/1", "a/a/1", "a/a/a/x", "a/a/x", "a/x"];
        foreach (string key in keys)
        {
            await PutAsync(key, key);
        }

        Assert.Equal(5, (await RunAsync(name, new { Bucket, Prefix = "a/", DestinationPrefix = "", Session })).Ok().Output.Count);
        foreach (string key in keys)
        {
            Assert.Equal(key, await Content.ReadTextAsync(Bucket, key["a/".Length..], System.Text.Encoding.UTF8, ReadOptions.Default, Token));
        }
    }

    [Theory]
    [InlineData("Copy-LabObject", "Prefix")]
    [InlineData("Move-LabObject", "Prefix")]
    [InlineData("Copy-LabObject", "Key")]
    [InlineData("Move-LabObject", "Key")]
    [InlineData("Move-LabObject", "Piped")]
    public async Task Down_a_prefix_no_object_replaces_one_that_is_to_be_brought_away(string name, string by)
    {
        string[] keys = ["a", "b/a", "b/b/a", "b/c", "c"];
        foreach (string key in keys)
        {
            await PutAsync(key, key);
        }

        CmdletResult result = by switch
        {
            "Prefix" => await RunAsync(name, new { Bucket, Prefix = "", DestinationPrefix = "b/", Session }),
            "Key" => await RunAsync(name, new { Bucket, Key = keys, DestinationPrefix = "b/", Session }),
            _ => await RunAsync(name, new { Bucket, DestinationPrefix = "b/", Session }, keys.Reverse()),
        };
        Assert.Equal(5, result.Ok().Output.Count);
        foreach (string key in keys)
        {
            Assert.Equal(key, await Content.ReadTextAsync(Bucket, "b/" + key, System.Text.Encoding.UTF8, ReadOptions.Default, Token));
        }

        Assert.Equal(name == "Move-LabObject" ? keys.Select(key => "b/" + key) : ["a", "b/a", "b/b/a", "b/b/b/a", "b/b/c", "b/c", "c"], await KeysAsync());
    }

    [Fact]
    public async Task What_a_copy_has_just_written_is_not_copied_once_more_when_the_listing_in_the_pipeline_comes_to_it()
    {
        await PutAsync("a");
        (await RunAsync("Copy-LabObject", new { DestinationPrefix = "b/", Session }, [new { Bucket, Key = "a" }, new { Bucket, Key = "b/a" }])).Ok();
        Assert.Equal(["a", "b/a"], await KeysAsync());
    }

    [Fact]
    public async Task An_object_that_could_not_be_copied_is_not_replaced()
    {
        await PutAsync("a/x", "first");
        await PutAsync("a/a/x", "second");
        await using FaultProxy proxy = new(ServerUrl)
        {
            Plan = request => request.Method == "PUT" && request.Target.EndsWith($"/{Bucket}/x", StringComparison.Ordinal) ? new Fault(FaultKind.Status, 403) : Fault.None,
        };
        CmdletResult result = await RunAsync("Move-LabObject", new { Bucket, Prefix = "a/", DestinationPrefix = "", Session = await ConnectAsync(proxy.Url) });
        Assert.Equal(2, result.Errors.Count);
        Assert.Equal("DestinationNotCopied", CodeOf(result.Errors[1]));
        Assert.Equal("first", await Content.ReadTextAsync(Bucket, "a/x", System.Text.Encoding.UTF8, ReadOptions.Default, Token));
        Assert.Equal("second", await Content.ReadTextAsync(Bucket, "a/a/x", System.Text.Encoding.UTF8, ReadOptions.Default, Token));
    }

    [Fact]
    public async Task Two_objects_with_one_new_key_are_an_error()
    {
        await PutAsync("f", "1");
        CmdletResult result = await RunAsync(
            "Copy-LabObject", new { DestinationPrefix = "z/", Session }, [new { Bucket, Key = "f" }, new { Bucket, Key = "f" }]);
        Assert.Equal("DuplicateKey", CodeOf(Assert.Single(result.Errors)));
        Assert.Equal(["f", "z/f"], await KeysAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_listing_that_goes_into_folders_brings_each_object_once_and_none_that_it_left_out(bool backwards)
    {
        foreach (string key in new[] { "a/top", "a/b/x", "a/b/x.key", "a/b/c/y", "a/keys/only.key", "a/mark/" })
        {
            await PutAsync(key, key.EndsWith('/') ? "" : key);
        }

        // As Get-ChildItem s3:/a -Recurse -Exclude *.key writes it.
        object[] listed =
        [
            Folder("a/b/"), Folder("a/b/c/"), Object("a/b/c/y"), Object("a/b/x"), Folder("a/keys/"), Folder("a/mark/"), Object("a/top"),
        ];
        if (backwards)
        {
            Array.Reverse(listed);
        }

        string[] names = ["a/b/c/y", "a/b/x", "a/top"];
        CmdletResult copied = (await RunAsync("Copy-LabObject", new { DestinationPrefix = "1/", Session }, listed)).Ok();
        Assert.Equal(names.Select(name => "1/" + name), Keys(copied));
        Assert.Equal(names, Keys(await RunAsync("Receive-LabObject", new { Destination = Path.Combine(base.Folder, "back"), Session }, listed)));
        Assert.Equal(names, FilesIn(Path.Combine(base.Folder, "back")));
        Assert.Contains("a/keys/ is skipped", Assert.Single(copied.Warnings), StringComparison.Ordinal);
        Assert.Equal(names.Select(name => "2/" + name), Keys((await RunAsync("Move-LabObject", new { DestinationPrefix = "2/", Session }, listed)).Ok()));
        Assert.Equal(["a/b/x.key", "a/keys/only.key", "a/mark/"], (await KeysAsync()).Where(key => key.StartsWith("a/", StringComparison.Ordinal)));

        object Folder(string prefix) => new LabPrefix { Bucket = Bucket, Prefix = prefix };
        object Object(string key) => new LabObject { Bucket = Bucket, Key = key };
    }

    [Fact]
    public async Task A_folder_that_a_listing_only_names_is_taken_whole_under_its_own_name()
    {
        foreach (string key in new[] { "a/top", "a/b/x", "a/b/c/y", "a/b-side" })
        {
            await PutAsync(key);
        }

        // One level, as Get-ChildItem s3:/a and Get-LabObject -Delimiter / write it; a folder twice is one.
        object[] level = [new LabPrefix { Bucket = Bucket, Prefix = "a/b/" }, new LabObject { Bucket = Bucket, Key = "a/top" }, new LabPrefix { Bucket = Bucket, Prefix = "a/b/" }];
        Assert.Equal(["1/a/b/c/y", "1/a/b/x", "1/a/top"], Keys((await RunAsync("Copy-LabObject", new { DestinationPrefix = "1/", Session }, level)).Ok()));
        Assert.Equal(["a/b/c/y", "a/b/x", "a/top"], Keys((await RunAsync("Receive-LabObject", new { Destination = Folder, Session }, level)).Ok()));
        CmdletResult gone = await RunAsync(
            "Copy-LabObject", new { DestinationPrefix = "2/", Session },
            [new { Bucket = "no-such-bucket-of-the-test", Prefix = "x/" }, new { Bucket, Prefix = "a/b/c/" }, new { Bucket, Prefix = "a/b-" }]);
        Assert.Equal("NoSuchBucket", CodeOf(Assert.Single(gone.Errors)));
        Assert.Equal(["2/a/b-side", "2/a/b/c/y"], Keys(gone));
    }

    private static string[] Keys(CmdletResult result) => [.. result.OutputOf<LabTransfer>().Select(transfer => transfer.Key).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task NoClobber_keeps_what_is_there()
    {
        await PutAsync("a", "new");
        await PutAsync("b", "old");
        foreach (string name in new[] { "Copy-LabObject", "Move-LabObject" })
        {
            CmdletResult result = await RunAsync(name, new { Bucket, Key = "a", DestinationKey = "b", NoClobber = true, Session });
            Assert.Equal("ObjectAlreadyExists", CodeOf(Assert.Single(result.Errors)));
        }

        Assert.Equal("old", await Content.ReadTextAsync(Bucket, "b", System.Text.Encoding.UTF8, ReadOptions.Default, Token));
        Assert.Equal(["a", "b"], await KeysAsync());
    }

    [Fact]
    public async Task A_move_leaves_only_the_copy()
    {
        await PutAsync("a", "content");
        LabTransfer moved = Assert.Single((await RunAsync("Move-LabObject", new { Bucket, Key = "a", DestinationKey = "b", Session })).Ok().OutputOf<LabTransfer>());
        Assert.Equal(("a", "b"), (moved.SourceKey, moved.Key));
        Assert.Equal(["b"], await KeysAsync());
        CmdletResult again = await RunAsync("Move-LabObject", new { Bucket, Key = new[] { "a", "b" }, DestinationPrefix = "c/", Session });
        Assert.Equal("NoSuchKey", CodeOf(Assert.Single(again.Errors)));
        Assert.Equal(["c/b"], await KeysAsync());
    }

    [Fact]
    public async Task A_move_onto_itself_is_refused_and_loses_nothing()
    {
        await PutAsync("a");
        CmdletResult result = await RunAsync("Move-LabObject", new { Bucket, Key = "a", ContentType = "text/plain", Session });
        Assert.Equal("SameObject", CodeOf(Assert.Single(result.Errors)));
        Assert.Equal(["a"], await KeysAsync());
    }

    [Fact]
    public async Task WhatIf_names_both_ends_and_changes_nothing()
    {
        await PutAsync("a");
        foreach (string name in new[] { "Copy-LabObject", "Move-LabObject" })
        {
            CmdletResult result = (await RunAsync(name, new { Bucket, Key = "a", DestinationPrefix = "c/", WhatIf = true, Session })).Ok();
            Assert.Contains($"s3://{Bucket}/a -> s3://{Bucket}/c/a", Assert.Single(result.Information), StringComparison.Ordinal);
            Assert.Empty(result.Output);
        }

        Assert.Equal(["a"], await KeysAsync());
    }

    [Fact]
    public async Task A_source_that_cannot_be_deleted_is_told_with_the_copy()
    {
        await PutAsync("a");
        await using FaultProxy proxy = new(ServerUrl)
        {
            Plan = request => request.Method == "DELETE" ? new Fault(FaultKind.Status, 500) : Fault.None,
        };
        ErrorRecord error = Assert.Single(
            (await RunAsync("Move-LabObject", new { Bucket, Key = "a", DestinationKey = "b", Session = await ConnectAsync(proxy.Url) })).Errors);
        Assert.Equal("SourceNotDeleted", CodeOf(error));
        Assert.Contains($"s3://{Bucket}/b", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["a", "b"], await KeysAsync());
    }

    [Fact]
    public async Task A_version_is_copied_and_moved_by_its_id()
    {
        await new BucketVersioning(Client).SetAsync(Bucket, BucketVersioningStatus.Enabled, Token);
        await PutAsync("a", "old");
        string old = (await Objects.GetAsync(Bucket, "a", ReadOptions.Default, Token)).VersionId!;
        await PutAsync("a", "new");
        (await RunAsync("Copy-LabObject", new { Bucket, Key = "a", VersionId = old, DestinationKey = "b", Session })).Ok();
        Assert.Equal("old", await TextAsync("b", ReadOptions.Default));

        (await RunAsync("Move-LabObject", new { Bucket, Key = "a", VersionId = old, DestinationKey = "c", Session })).Ok();
        Assert.Equal("old", await TextAsync("c", ReadOptions.Default));
        Assert.Equal("new", await TextAsync("a", ReadOptions.Default));
        LabException e = await Assert.ThrowsAsync<LabException>(() => TextAsync("a", new ReadOptions { VersionId = old }));
        Assert.Equal(LabErrorKind.NotFound, e.Kind);

        // Without an id the source is only hidden.
        string current = (await Objects.GetAsync(Bucket, "a", ReadOptions.Default, Token)).VersionId!;
        (await RunAsync("Move-LabObject", new { Bucket, Key = "a", DestinationKey = "d", Session })).Ok();
        Assert.Equal(["b", "c", "d"], await KeysAsync());
        Assert.Equal("new", await TextAsync("a", new ReadOptions { VersionId = current }));

        Task<string> TextAsync(string key, ReadOptions read) => Content.ReadTextAsync(Bucket, key, System.Text.Encoding.UTF8, read, Token);
    }

    [Fact]
    public async Task A_source_that_is_written_anew_meanwhile_is_not_deleted()
    {
        await PutAsync("a", "old");
        bool written = false;
        await using FaultProxy proxy = new(ServerUrl);
        proxy.Plan = request =>
        {
            if (request.Method == "PUT" && !written)
            {
                written = true;
                PutAsync("a", "new content").GetAwaiter().GetResult();
            }

            return Fault.None;
        };
        CmdletResult result = await RunAsync("Move-LabObject", new { Bucket, Key = "a", DestinationKey = "b", Session = await ConnectAsync(proxy.Url) });
        Assert.Equal("ObjectChanged", CodeOf(Assert.Single(result.Errors)));
        Assert.Equal(["a"], await KeysAsync());
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Faults_that_pass_do_a_move_no_harm(string method)
    {
        await PutAsync("a");
        await using FaultProxy proxy = new(ServerUrl);
        foreach (FaultKind kind in new[] { FaultKind.Status, FaultKind.ResetAtOnce, FaultKind.LoseAnswer })
        {
            proxy.Times(1, request => request.Method == method, new Fault(kind, 503));
            (await RunAsync("Move-LabObject", new { Bucket, Key = "a", DestinationKey = "b", Session = await ConnectAsync(proxy.Url) })).Ok();
            Assert.Equal(["b"], await KeysAsync());
            (await RunAsync("Move-LabObject", new { Bucket, Key = "b", DestinationKey = "a", Session })).Ok();
        }
    }

    [Fact]
    public async Task A_copy_that_fails_deletes_nothing()
    {
        await PutAsync("a");
        await using FaultProxy proxy = new(ServerUrl) { Plan = request => request.Method == "PUT" ? new Fault(FaultKind.Status, 500) : Fault.None };
        Assert.Single((await RunAsync("Move-LabObject", new { Bucket, Key = "a", DestinationKey = "b", Session = await ConnectAsync(proxy.Url) })).Errors);
        Assert.Equal(["a"], await KeysAsync());
    }

    /// <summary>Id of an error without the cmdlet's name.</summary>
    protected static string CodeOf(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];

    /// <summary>Runs a cmdlet to its end.</summary>
    protected static Task<CmdletResult> RunAsync(string name, object parameters, IEnumerable<object?>? input = null) =>
        CmdletRunner.RunAsync(name, parameters, input);
}
