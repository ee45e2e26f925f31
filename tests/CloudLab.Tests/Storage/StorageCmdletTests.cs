using System.Management.Automation;
using System.Text;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage;

/// <summary>The storage cmdlets, bound and run as in a pipeline.</summary>
[Trait("Area", "Storage")]
public sealed class StorageCmdletTests() : StorageTest(StorageServer.Emulator)
{
    [Fact]
    public async Task A_bucket_comes_and_goes()
    {
        string name = Bucket + "-x";
        Assert.Equal([false], (await RunAsync("Test-LabBucket", new { Bucket = name, Session })).Ok().Output);
        LabBucket made = Assert.Single((await RunAsync("New-LabBucket", new { Bucket = name, Session })).Ok().OutputOf<LabBucket>());
        Assert.Equal(name, Assert.Single((await RunAsync("Wait-LabBucket", new { Session, Timeout = "5" }, [made])).Ok().OutputOf<LabBucket>()).Bucket);
        Assert.Contains(name, (await RunAsync("Get-LabBucket", new { Bucket = Bucket + "*", Session })).Ok().OutputOf<LabBucket>().Select(b => b.Bucket));
        Assert.Empty((await RunAsync("Remove-LabBucket", new { Bucket = name, Session, Confirm = false })).Ok().Output);
        Assert.Empty((await RunAsync("Wait-LabBucket", new { Bucket = name, Session, NotExists = true, Timeout = 5 })).Ok().Output);
    }

    [Fact]
    public async Task WhatIf_names_the_real_thing_and_changes_nothing_even_with_Force()
    {
        await PutAsync("a b");
        string file = NewFile("f.txt", 10);
        CmdletResult[] results =
        [
            await RunAsync("Remove-LabBucket", new { Bucket, Session, Force = true, WhatIf = true }),
            await RunAsync("Remove-LabObject", new { Bucket, Key = "a b", Session, Force = true, WhatIf = true }),
            await RunAsync("Remove-LabObject", new { Bucket, Prefix = "a", Session, Force = true, WhatIf = true }),
            await RunAsync("Send-LabObject", new { Bucket, Path = file, Session, WhatIf = true }),
            await RunAsync("Set-LabObjectContent", new { Bucket, Key = "new", Value = "x", Session, WhatIf = true }),
            await RunAsync("Receive-LabObject", new { Bucket, Key = "a b", Session, Destination = Folder, WhatIf = true }),
            await RunAsync("New-LabBucket", new { Bucket = Bucket + "-y", Session, WhatIf = true }),
        ];
        string[] said = [.. results.SelectMany(result => result.Ok().Information)];
        string[] targets = [$"s3://{Bucket}", $"s3://{Bucket}/a b", $"s3://{Bucket}/a*", $"s3://{Bucket}/f.txt", $"s3://{Bucket}/new", $"s3://{Bucket}/a b", $"s3://{Bucket}-y"];
        Assert.Equal(targets.Length, said.Length);
        Assert.All(targets.Zip(said), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.Equal(["a b"], await KeysAsync());
        foreach (string destination in new[] { file, file + Path.DirectorySeparatorChar })
        {
            CmdletResult refused = await RunAsync("Receive-LabObject", new { Bucket, Key = "a b", Session, Destination = destination });
            Assert.StartsWith("NotAFolder", refused.TerminatingError?.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains($"'{file}' is a file: name a folder, or the file of one object with -OutFile", refused.TerminatingError!.Exception.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["f.txt"], FilesIn(Folder));
        Assert.Null(await Buckets.FindAsync(Bucket + "-y", Token));
    }

    [Fact]
    public async Task What_destroys_asks_unless_forced()
    {
        await PutAsync("k");
        CmdletResult asked = await RunAsync("Remove-LabObject", new { Bucket, Key = "k", Session }, answer: ConfirmAnswerOf("No"));
        Assert.Contains($"s3://{Bucket}/k", Assert.Single(asked.Questions), StringComparison.Ordinal);
        Assert.Equal(["k"], await KeysAsync());
        CmdletResult forced = await RunAsync("Remove-LabObject", new { Bucket, Key = "k", Session, Force = true });
        Assert.Empty(forced.Ok().Questions);
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task What_a_listing_writes_the_other_cmdlets_take()
    {
        await PutAsync("d/1.txt", "one\ntwo\n");
        await PutAsync("d/2.txt", "three");
        object?[] listed = [.. (await RunAsync("Get-LabObject", new { Bucket, Session })).Ok().Output];
        Assert.Equal(["one", "two", "three"], (await RunAsync("Get-LabObjectContent", new { Session }, listed)).Ok().Output);
        Assert.Equal(["text/plain", "text/plain"], (await RunAsync("Get-LabObject", new { Session }, listed)).Ok().OutputOf<LabObjectMetadata>().Select(o => o.ContentType));
        Assert.Equal(2, (await RunAsync("Wait-LabObject", new { Session }, listed)).Ok().Output.Count);
        LabTransfer[] received = (await RunAsync("Receive-LabObject", new { Session, Destination = Path.Combine(Folder, "out") }, listed)).Ok().OutputOf<LabTransfer>();
        Assert.Equal(["d/1.txt", "d/2.txt"], FilesIn(Path.Combine(Folder, "out")));
        Assert.Equal("one\ntwo\n", File.ReadAllText(received.Single(t => t.Key == "d/1.txt").FullName!));
        Assert.Empty((await RunAsync("Remove-LabObject", new { Session, Force = true }, listed)).Ok().Output);
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task A_prefix_can_be_listed_again()
    {
        await PutAsync("a/b/1");
        await PutAsync("a/2");
        LabPrefix top = Assert.Single((await RunAsync("Get-LabObject", new { Bucket, Delimiter = "/", Session })).Ok().OutputOf<LabPrefix>());
        CmdletResult below = (await RunAsync("Get-LabObject", new { Delimiter = "/", Session }, [top])).Ok();
        Assert.Equal([$"s3://{Bucket}/a/2", $"s3://{Bucket}/a/b/"], below.Output.Select(o => o!.ToString()));
    }

    [Fact]
    public async Task Include_and_Exclude_pick_by_name_or_by_whole_key()
    {
        foreach (string key in new[] { "a/x.json", "a/x.txt", "b/x.JSON", "b/y.json" })
        {
            await PutAsync(key);
        }

        Assert.Equal(["a/x.json", "b/x.JSON", "b/y.json"], await List(new { Bucket, Session, Include = "*.json" }));
        Assert.Equal(["b/x.JSON"], await List(new { Bucket, Session, Include = new[] { "b/*" }, Exclude = new[] { "y.*" } }));

        async Task<IEnumerable<string>> List(object parameters) =>
            (await RunAsync("Get-LabObject", parameters)).Ok().OutputOf<LabObject>().Select(o => o.Key);
    }

    [Fact]
    public async Task A_folder_keeps_its_shape_however_it_is_named()
    {
        NewFile("site/index.html", 3);
        NewFile("site/css/a.css", 4);
        NewFile("site/empty", 0);
        string site = Path.Combine(Folder, "site");
        string[] names = ["css/a.css", "empty", "index.html"];
        (await RunAsync("Send-LabObject", new { Bucket, Path = "site", Prefix = "1/", Session }, location: Folder)).Ok();
        (await RunAsync("Send-LabObject", new { Bucket, Path = "site/*", Prefix = "2/", Session }, location: Folder)).Ok();
        (await RunAsync("Send-LabObject", new { Bucket, LiteralPath = names, RelativeTo = ".", Prefix = "3/", Session }, location: site)).Ok();

        // As Get-ChildItem -Recurse gives them: folders, and again what is in them.
        object?[] items = [.. new[] { "css", "empty", "index.html", "css/a.css" }.Select(name => new { PSPath = Path.Combine(site, name) })];
        (await RunAsync("Send-LabObject", new { Bucket, Prefix = "4/", Session }, items)).Ok();
        Assert.Equal(new[] { "1/", "2/", "3/", "4/" }.SelectMany(prefix => names.Select(name => prefix + name)), await KeysAsync());

        (await RunAsync("Receive-LabObject", new { Bucket, Prefix = "1/", Destination = "back", Session }, location: Folder)).Ok();
        Assert.Equal(names, FilesIn(Path.Combine(Folder, "back")));
    }

    [Fact]
    public async Task What_a_listing_left_out_is_not_sent_with_its_folder()
    {
        string site = Path.Combine(Folder, "site");
        foreach (string name in new[] { "site/top.txt", "site/top.key", "site/css/a.css", "site/css/a.key", "site/css/deep/b.css", "site/js/x.js", "site/keys/only.key" })
        {
            NewFile(name, 5);
        }

        // As Get-ChildItem -Recurse -Exclude *.key writes it: each folder before what is in it.
        object[] listed = [.. Directory.EnumerateFileSystemEntries(site, "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith(".key", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(path => new { PSPath = path })];
        CmdletResult sent = (await RunAsync("Send-LabObject", new { Bucket, Session }, listed)).Ok();
        Assert.Equal(["css/a.css", "css/deep/b.css", "js/x.js", "top.txt"], await KeysAsync());
        Assert.Contains(Path.Combine(site, "keys"), Assert.Single(sent.Warnings), StringComparison.Ordinal);

        // One level: the folders are meant as wholes.
        (await RunAsync("Remove-LabObject", new { Bucket, Prefix = "", Force = true, Session })).Ok();
        object[] level = [.. Directory.EnumerateFileSystemEntries(site).Select(path => new { PSPath = path })];
        (await RunAsync("Send-LabObject", new { Bucket, Session, Exclude = new[] { "*.key", "deep" } }, level)).Ok();
        Assert.Equal(["css/a.css", "js/x.js", "top.txt"], await KeysAsync());

        (await RunAsync("Remove-LabObject", new { Bucket, Prefix = "", Force = true, Session })).Ok();
        (await RunAsync("Send-LabObject", new { Bucket, Path = site, Session, Include = "*.css", Exclude = "css/deep" })).Ok();
        Assert.Equal(["css/a.css"], await KeysAsync());
    }

    [Fact]
    public async Task The_order_of_a_listing_decides_no_key()
    {
        string site = Path.Combine(Folder, "site");
        foreach (string name in new[] { "site/top.txt", "site/css/a.css", "site/css/deep/b.css", "site/css/deep/er/c.css" })
        {
            NewFile(name, 5);
        }

        string[] listed = [.. Directory.EnumerateFileSystemEntries(site, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        string[] keys = ["css/a.css", "css/deep/b.css", "css/deep/er/c.css", "top.txt"];
        foreach (int turn in Enumerable.Range(0, listed.Length))
        {
            // Each entry comes first once, and once all backwards.
            string[] turned = [.. listed[turn..], .. listed[..turn]];
            foreach (IEnumerable<string> order in new[] { turned, turned.Reverse() })
            {
                (await RunAsync("Send-LabObject", new { Bucket, Session }, [.. order.Select(path => new { PSPath = path })])).Ok();
                Assert.Equal(keys, await KeysAsync());
                (await RunAsync("Remove-LabObject", new { Bucket, Prefix = "", Force = true, Session })).Ok();
            }
        }
    }

    [Fact]
    public async Task One_file_takes_one_version()
    {
        await new CloudLab.Core.Storage.Buckets.Settings.BucketVersioning(Client).SetAsync(Bucket, CloudLab.Core.Storage.Buckets.Settings.BucketVersioningStatus.Enabled, Token);
        await PutAsync("k", "first");
        await PutAsync("k", "second");
        object?[] versions = [.. (await RunAsync("Get-LabObject", new { Bucket, Versions = true, Session })).Ok().Output];
        Assert.Equal(2, versions.Length);
        CmdletResult result = await RunAsync("Receive-LabObject", new { Destination = Folder, Session }, versions);
        Assert.Equal("DuplicateFile", Assert.Single(result.Errors).FullyQualifiedErrorId.Split(',')[0]);
        Assert.Single(result.Output);
        Assert.Equal("second", await File.ReadAllTextAsync(Path.Combine(Folder, "k"), Token));
        result = await RunAsync("Receive-LabObject", new { OutFile = Path.Combine(Folder, "o"), Force = true, Session }, versions);
        Assert.Equal("DuplicateFile", Assert.Single(result.Errors).FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public async Task Each_bad_file_is_one_error_and_the_others_are_sent()
    {
        string one = NewFile("one", 5), clash = NewFile("sub/one", 6);
        CmdletResult result = await RunAsync("Send-LabObject", new { Bucket, LiteralPath = new[] { one, Path.Combine(Folder, "none"), clash }, Session });
        Assert.Equal(["DuplicateKey", "FileNotFound"], result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]).Order(StringComparer.Ordinal));
        Assert.Equal(["one"], await KeysAsync());
        result = await RunAsync("Send-LabObject", new { Bucket, Path = new[] { "no*such", one }, Session, Key = "renamed" }, location: Folder);
        Assert.Equal("FileNotFound", Assert.Single(result.Errors).FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(["one", "renamed"], await KeysAsync());
    }

    [Fact]
    public async Task Each_bad_key_is_one_error_and_the_others_are_received()
    {
        string[] keys = ["../out", "/abs", "a//b", "good", "missing"];
        foreach (string key in keys[..^1])
        {
            await PutAsync(key);
        }

        string destination = Path.Combine(Folder, "dest");
        CmdletResult result = await RunAsync("Receive-LabObject", new { Bucket, Key = keys, Destination = destination, Session });
        Assert.Equal(["NoSuchKey", "UnsafeKey", "UnsafeKey", "UnsafeKey"], result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]).Order(StringComparer.Ordinal));
        Assert.Equal(["dest/good"], FilesIn(Folder));
        (await RunAsync("Receive-LabObject", new { Bucket, Key = "../out", OutFile = Path.Combine(Folder, "named"), Session })).Ok();
        Assert.Equal(["dest/good", "named"], FilesIn(Folder));
    }

    [Fact]
    public async Task Content_is_lines_or_bytes_or_whole()
    {
        (await RunAsync("Set-LabObjectContent", new { Bucket, Key = "t", Session }, ["eins", "zwei ü", 3])).Ok();
        Assert.Equal("eins\nzwei ü\n3\n", Assert.Single((await RunAsync("Get-LabObjectContent", new { Bucket, Key = "t", Raw = true, Session })).Ok().Output));
        Assert.Equal(["eins", "zwei ü"], (await RunAsync("Get-LabObjectContent", new { Bucket, Key = "t", First = 2, Session })).Ok().Output);
        byte[] bytes = Encoding.UTF8.GetBytes("eins\nzwei ü\n3\n");
        Assert.Equal(bytes, (await RunAsync("Get-LabObjectContent", new { Bucket, Key = "t", AsByteStream = true, Session })).Ok().OutputOf<byte>());
        Assert.Equal(bytes, Assert.Single((await RunAsync("Get-LabObjectContent", new { Bucket, Key = "t", AsByteStream = true, Raw = true, Session })).Ok().Output));
        LabObject written = Assert.Single((await RunAsync("Set-LabObjectContent", new { Bucket, Key = "b", Value = bytes, PassThru = true, Session })).Ok().OutputOf<LabObject>());
        Assert.Equal(bytes.Length, written.Size);
        (await RunAsync("Set-LabObjectContent", new { Bucket, Key = "u.txt", Value = "ü", Encoding = "unicode", NoNewline = true, Session })).Ok();
        Assert.Equal([0xff, 0xfe, 0xfc, 0], await Content.ReadBytesAsync(Bucket, "u.txt", ReadOptions.Default, Token));
        Assert.Equal(["ü"], (await RunAsync("Get-LabObjectContent", new { Bucket, Key = "u.txt", Session })).Ok().Output);
        Assert.Equal("UnknownEncoding", (await RunAsync("Get-LabObjectContent", new { Bucket, Key = "t", Encoding = "klingon", Session })).TerminatingError!.FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public async Task A_pipeline_that_has_seen_enough_stops_the_requests()
    {
        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => PutAsync($"k{i:d2}")));
        await using FaultProxy proxy = new(ServerUrl);
        CmdletResult result = await RunAsync("Get-LabObject", new { Bucket, PageSize = 2, Session = await ConnectAsync(proxy.Url) }, first: 3);
        Assert.Equal(3, result.Output.Count);
        Assert.True(result.Stopped);
        Assert.True(proxy.Seen.Count < 15, $"{proxy.Seen.Count} requests");
    }

    [Fact]
    public async Task Ctrl_C_while_an_upload_begins_leaves_none_behind()
    {
        string file = Path.Combine(Folder, "big");
        await File.WriteAllBytesAsync(file, new byte[20 << 20], TestContext.Current.CancellationToken);
        await using FaultProxy proxy = new(ServerUrl);
        using CancellationTokenSource ctrlC = new();
        proxy.Plan = request =>
        {
            if (request.Target.EndsWith("?uploads=", StringComparison.Ordinal))
            {
                // Before the service hears of it, and it hears of it all the same.
                ctrlC.Cancel();
            }

            return Fault.None;
        };
        CmdletResult stopped = await RunAsync("Send-LabObject", new { Path = file, Bucket, Key = "big", Session = await ConnectAsync(proxy.Url) }, ctrlC: ctrlC.Token);
        Assert.True(stopped.Stopped);
        Assert.Contains(proxy.Seen, request => request.Target.EndsWith("?uploads=", StringComparison.Ordinal));
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task An_upload_whose_id_was_not_heard_is_warned_of()
    {
        string file = Path.Combine(Folder, "big");
        await File.WriteAllBytesAsync(file, new byte[20 << 20], TestContext.Current.CancellationToken);
        await using FaultProxy proxy = new(ServerUrl);
        proxy.Times(1, request => request.Target.EndsWith("?uploads=", StringComparison.Ordinal), new Fault(FaultKind.LoseAnswer));
        CmdletResult sent = (await RunAsync("Send-LabObject", new { Path = file, Bucket, Key = "big", Session = await ConnectAsync(proxy.Url) })).Ok();
        Assert.Contains("Get-LabMultipartUpload", Assert.Single(sent.Warnings), StringComparison.Ordinal);
        Assert.Equal(1, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task Ctrl_C_with_Resume_says_what_is_kept_though_the_pipeline_takes_no_more_warnings()
    {
        await PutAsync("k", new byte[20 << 20]);
        await using FaultProxy proxy = new(ServerUrl);
        LabSession session = await ConnectAsync(proxy.Url);
        string folder = Path.Combine(Folder, "out");
        using CancellationTokenSource down = new(), up = new(), quiet = new();
        Stall(request => request.Range is not null, down);
        CmdletResult received = await RunAsync(
            "Receive-LabObject", new { Bucket, Key = "k", Destination = folder, Resume = true, Session = session }, ctrlC: down.Token);
        Assert.True(received.Stopped);
        Assert.Contains("-Resume to continue it", Assert.Single(received.Notes), StringComparison.Ordinal);
        Assert.NotEmpty(FilesIn(folder));

        string file = Path.Combine(Folder, "big");
        await File.WriteAllBytesAsync(file, new byte[40 << 20], TestContext.Current.CancellationToken);
        Stall(request => request.Target.Contains("partNumber", StringComparison.Ordinal), up);
        CmdletResult sent = await RunAsync("Send-LabObject", new { Path = file, Bucket, Key = "big", Resume = true, Session = session }, ctrlC: up.Token);
        Assert.True(sent.Stopped);
        Assert.Contains("-Resume to continue it", Assert.Single(sent.Notes), StringComparison.Ordinal);

        Stall(request => request.Target.Contains("partNumber", StringComparison.Ordinal), quiet);
        sent = await RunAsync(
            "Send-LabObject", new { Path = file, Bucket, Key = "unsaid", Resume = true, Session = session, WarningAction = "SilentlyContinue" }, ctrlC: quiet.Token);
        Assert.True(sent.Stopped);
        Assert.Empty(sent.Notes);

        void Stall(Func<ProxiedRequest, bool> which, CancellationTokenSource ctrlC) => proxy.Plan = request =>
        {
            if (!which(request))
            {
                return Fault.None;
            }

            ctrlC.CancelAfter(100);
            return new Fault(FaultKind.StallAtOnce);
        };
    }

    [Fact]
    public async Task Ctrl_C_ends_a_download_and_an_upload_at_once_and_leaves_nothing()
    {
        await PutAsync("k", new byte[500_000]);
        await using FaultProxy proxy = new(ServerUrl);
        using CancellationTokenSource ctrlC = new();
        LabSession session = await ConnectAsync(proxy.Url);
        proxy.Plan = request =>
        {
            if (request.Method is "GET" || request.Target.Contains("partNumber", StringComparison.Ordinal))
            {
                ctrlC.CancelAfter(100);
                return new Fault(FaultKind.StallAnswer, 1000);
            }

            return Fault.None;
        };
        CmdletResult down = await RunAsync("Receive-LabObject", new { Bucket, Key = "k", Destination = Path.Combine(Folder, "out"), Session = session }, ctrlC: ctrlC.Token);
        Assert.True(down.Stopped);
        Assert.Empty(down.Errors);
        Assert.Empty(FilesIn(Path.Combine(Folder, "out")));
        Assert.Empty(down.Notes);

        using CancellationTokenSource again = new();
        proxy.Plan = request =>
        {
            if (request.Target.Contains("partNumber", StringComparison.Ordinal))
            {
                again.CancelAfter(100);
                return new Fault(FaultKind.StallAtOnce);
            }

            return Fault.None;
        };
        CmdletResult up = await RunAsync("Send-LabObject", new { Bucket, Path = NewFile("big", 20_000_000), Session = session }, ctrlC: again.Token);
        Assert.True(up.Stopped);
        Assert.Equal(["k"], await KeysAsync());
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task Errors_have_id_category_target_and_advice()
    {
        CmdletResult result = await RunAsync("Get-LabObject", new { Bucket, Key = "nothing", Session });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("NoSuchKey", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Equal($"s3://{Bucket}/nothing", error.TargetObject);

        result = await RunAsync("Get-LabObject", new { Bucket, Session = await ConnectAsync(new Uri("http://127.0.0.1:1")) });
        Assert.Equal(ErrorCategory.ConnectionError, result.TerminatingError!.CategoryInfo.Category);
        Assert.NotNull(result.TerminatingError.ErrorDetails?.RecommendedAction);

        LabSession nobody = LabSession.Resolve(
            new SessionOptions { EndpointUrl = ServerUrl }, "test", null, new LabEnvironment(name => name == "AWS_EC2_METADATA_DISABLED" ? "true" : null, Folder));
        result = await RunAsync("Get-LabBucket", new { Session = nobody });
        Assert.Equal(ErrorCategory.AuthenticationError, result.TerminatingError!.CategoryInfo.Category);
        Assert.Contains("Connect-Lab", result.TerminatingError.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_token_stops_the_command_and_is_told_once()
    {
        await using FaultProxy proxy = new(ServerUrl) { Plan = _ => new Fault(FaultKind.Status, 400) };
        CmdletResult result = await RunAsync(
            "Send-LabObject", new { Bucket, LiteralPath = new[] { NewFile("1", 5), NewFile("2", 5), NewFile("3", 5) }, Session = await ConnectAsync(proxy.Url) });
        Assert.StartsWith("ExpiredToken", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.AuthenticationError, result.TerminatingError.CategoryInfo.Category);
        Assert.Empty(result.Errors);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task A_wait_in_vain_says_what_was_last_seen()
    {
        ErrorRecord error = Assert.Single((await RunAsync("Wait-LabObject", new { Bucket, Key = "k", Timeout = 0.3, PollInterval = "00:00:00.1", Session })).Errors);
        Assert.Equal(ErrorCategory.OperationTimeout, error.CategoryInfo.Category);
        Assert.Contains($"s3://{Bucket}/k", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("does not exist", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verbose_shows_each_request_and_no_secret()
    {
        CmdletResult result = (await RunAsync("Get-LabObject", new { Bucket, Session })).Ok();
        Assert.Contains(result.Verbose, line => line.StartsWith("GET ", StringComparison.Ordinal) && line.Contains(Bucket, StringComparison.Ordinal) && line.Contains("200", StringComparison.Ordinal));
        Assert.DoesNotContain(result.Verbose, line => line.Contains(Session.Given(o => o.Keys).Value!.SecretKey, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_keys_go_in_batches()
    {
        string[] keys = [.. Enumerable.Range(0, 2100).Select(i => $"n{i}")];
        await using FaultProxy proxy = new(ServerUrl);
        (await RunAsync("Remove-LabObject", new { Bucket, Force = true, Session = await ConnectAsync(proxy.Url) }, keys.Select(key => new { Bucket, Key = key }))).Ok();
        Assert.Equal(3, proxy.Seen.Count);
    }

    private static ConfirmAnswer ConfirmAnswerOf(string name) => Enum.Parse<ConfirmAnswer>(name);

    private static Task<CmdletResult> RunAsync(
        string name, object parameters, IEnumerable<object?>? input = null, int? first = null, CancellationToken ctrlC = default,
        ConfirmAnswer? answer = null, string? location = null) =>
        CmdletRunner.RunAsync(name, parameters, input, first, ctrlC, answer, null, location);

    [Fact]
    public async Task Objects_are_named_by_text_from_the_pipeline_and_by_their_whole_name()
    {
        foreach (string key in new[] { "a.json", "b.json", "d/c.json" })
        {
            await PutAsync(key, key);
        }

        string uri = $"s3://{Bucket}/d/c.json";
        Assert.Equal(["a.json", "b.json"], (await RunAsync("Get-LabObject", new { Bucket, Session }, ["a.json", "b.json"])).Ok().OutputOf<LabObject>().Select(found => found.Key).Order());
        Assert.Equal("d/c.json", Assert.Single((await RunAsync("Get-LabObjectContent", new { Bucket = uri, Session })).Ok().Output));
        Assert.Equal("d/c.json", Assert.Single((await RunAsync("Receive-LabObject", new { Bucket = uri, Destination = Folder, Session })).Ok().OutputOf<LabTransfer>()).Key);
        Assert.Equal(["d/c.json"], (await RunAsync("Get-LabObject", new { Bucket = $"s3://{Bucket}/d/", Session })).Ok().OutputOf<LabObject>().Select(found => found.Key));
        Assert.Equal(3, (await RunAsync("Get-LabObject", new { Bucket = "s3://" + Bucket, Session })).Ok().Output.Count);

        // A bucket or a folder from the pipeline is one still, and no key that looks like its name.
        Assert.Equal(3, (await RunAsync("Get-LabObject", new { Session }, [await Buckets.GetAsync(Bucket, Token)])).Ok().Output.Count);
        Assert.Equal("NoKey", Id(Assert.Single((await RunAsync("Remove-LabObject", new { Session, Force = true }, [await Buckets.GetAsync(Bucket, Token)])).Errors)));
        ErrorRecord noKey = Assert.Single((await RunAsync("Remove-LabObject", new { Bucket = $"s3://{Bucket}/", Session, Force = true })).Errors);
        Assert.Equal(("NoKey", $"No key is given for bucket 's3://{Bucket}/': use -Key, -Prefix for everything under a prefix, or -Bucket as s3://bucket/key."), (Id(noKey), noKey.Exception.Message));
        Assert.Equal("TwoKeys", Id(Assert.Single((await RunAsync("Remove-LabObject", new { Bucket = uri, Key = "a.json", Session, Force = true })).Errors)));
        Assert.Equal("TwoPrefixes", Id(Assert.Single((await RunAsync("Get-LabObject", new { Bucket = uri, Prefix = "a", Session })).Errors)));
        Assert.Equal("InputObjectNotBound", Id(Assert.Single((await RunAsync("Remove-LabObject", new { Bucket, Session, Force = true }, [new FileInfo("a.json")])).Errors)));
        Assert.Equal(3, (await RunAsync("Get-LabObject", new { Bucket, Session })).Ok().Output.Count);
    }

    [Fact]
    public async Task Whole_names_come_from_the_pipeline_without_a_bucket()
    {
        string other = Bucket + "-o";
        await Buckets.CreateAsync(other, null, Token);
        foreach (string key in new[] { "a", "b", "c" })
        {
            await PutAsync(key, key);
        }

        Assert.Equal(["a", "b"], (await RunAsync("Get-LabObjectContent", new { Session }, [$"s3://{Bucket}/a", $"S3://{Bucket}/b"])).Ok().Output);
        Assert.Equal(["a", "b"], (await RunAsync("Get-LabObjectContent", new { Session, Key = new[] { $"s3://{Bucket}/a", $"s3://{Bucket}/b" } })).Ok().Output);
        Assert.Equal(["a", "b", "c"], (await RunAsync("Get-LabObject", new { Session }, [Bucket])).Ok().OutputOf<LabObject>().Select(found => found.Key));
        Assert.Equal(["b"], (await RunAsync("Get-LabObject", new { Session }, [$"s3://{Bucket}/b"])).Ok().OutputOf<LabObject>().Select(found => found.Key));
        foreach (object parameters in new object[] { new { Session, Force = true }, new { Session, Key = "a", Force = true }, new { Session, Prefix = "a", Force = true }, new { Session, Key = new[] { $"s3://{Bucket}/a", $"s3://{other}/b" }, Force = true } })
        {
            Assert.Equal("NoBucket", Id(Assert.Single((await RunAsync("Remove-LabObject", parameters)).Errors)));
        }

        // An input has only what it brings: nothing that the one before it left.
        CmdletResult rows = await RunAsync("Remove-LabObject", new { Session, Force = true }, [new { Bucket = $"s3://{Bucket}/a" }, new { Bucket = $"s3://{Bucket}/b" }, new { Bucket }, "c"]);
        Assert.Equal(["NoKey", "NoBucket"], rows.Errors.Select(Id));
        Assert.Equal(["c"], await KeysAsync());
    }

    [Fact]
    public async Task Objects_that_are_given_as_keys_mean_their_keys()
    {
        foreach (string key in new[] { "a", "b", "c" })
        {
            await PutAsync(key, key);
        }

        LabObject[] found = (await RunAsync("Get-LabObject", new { Bucket, Session })).Ok().OutputOf<LabObject>();
        (await RunAsync("Remove-LabObject", new { Bucket, Key = found[..2], Session, Force = true })).Ok();
        Assert.Equal(["c"], await KeysAsync());
        (await RunAsync("Remove-LabObject", new { Bucket, Key = found[2], Session, Force = true })).Ok();
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task Buckets_too_are_named_in_full()
    {
        await PutAsync("d/a", "12345");
        await PutAsync("e", "123");
        Assert.Equal(8, Assert.Single((await RunAsync("Measure-LabBucket", new { Bucket = "s3://" + Bucket, Session })).Ok().OutputOf<LabBucketUsage>()).Size);
        Assert.Equal(5, Assert.Single((await RunAsync("Measure-LabBucket", new { Bucket = $"s3://{Bucket}/d/", Session })).Ok().OutputOf<LabPrefixUsage>()).Size);
        Assert.Equal([true], (await RunAsync("Test-LabBucket", new { Bucket = $"s3://{Bucket}/", Session })).Ok().Output);
        Assert.Contains($"'{Bucket}'", Assert.Single((await RunAsync("Get-LabBucketTag", new { Bucket = $"s3://{Bucket}/d", Session })).Errors).Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_that_never_left_is_not_said_to_cost_anything()
    {
        string file = Path.Combine(Folder, "big");
        await File.WriteAllBytesAsync(file, new byte[20 << 20], TestContext.Current.CancellationToken);
        LabSession nobody = LabSession.Resolve(
            new SessionOptions { EndpointUrl = new Uri("http://127.0.0.1:9"), Region = "us-east-1", Keys = new("AKIA", "secret", null, null) }, "test");
        CmdletResult sent = await RunAsync("Send-LabObject", new { Path = file, Bucket, Key = "big", Session = nobody });
        Assert.NotNull(sent.TerminatingError ?? sent.Errors[0]);
        Assert.Empty(sent.Warnings);
    }

    [Fact]
    public async Task What_has_no_text_is_no_tag()
    {
        using System.Security.SecureString secret = new();
        secret.AppendChar('x');
        System.Management.Automation.PSObject custom = new();
        custom.Properties.Add(new System.Management.Automation.PSNoteProperty("a", 1));
        foreach (object value in new object[] { secret, new System.Management.Automation.PSObject(secret), custom, new[] { 1 } })
        {
            CmdletResult refused = await RunAsync("Set-LabBucketTag", new { Bucket, Session, Tag = new System.Collections.Hashtable { ["t"] = value } });
            Assert.Equal("ValueInvalid", Id(refused.Error()));
        }
    }

    [Fact]
    public async Task A_wildcard_that_finds_nothing_says_what_to_type()
    {
        await PutAsync("a.json");
        await PutAsync("real*.json");
        string warning = Assert.Single((await RunAsync("Get-LabObject", new { Bucket, Prefix = "*.json", Session })).Ok().Warnings);
        Assert.Contains("-Include '*.json'", warning, StringComparison.Ordinal);
        Assert.Empty((await RunAsync("Get-LabObject", new { Bucket, Prefix = "real*", Session })).Ok().Warnings);

        System.Management.Automation.ErrorRecord removed = Assert.Single((await RunAsync("Remove-LabObject", new { Bucket, Key = "a*", Session, Force = true })).Errors);
        Assert.Equal("NoSuchKey", Id(removed));
        Assert.Contains("-Include 'a*' | Remove-LabObject", removed.ErrorDetails.RecommendedAction + removed.ErrorDetails.Message + removed.Exception.Message, StringComparison.Ordinal);
        Assert.Empty((await RunAsync("Remove-LabObject", new { Bucket, Key = "real*.json", Session, Force = true })).Ok().Warnings);
        Assert.Equal(["a.json"], (await RunAsync("Get-LabObject", new { Bucket, Session })).Ok().OutputOf<LabObject>().Select(found => found.Key));
    }

    private static string Id(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];
}
