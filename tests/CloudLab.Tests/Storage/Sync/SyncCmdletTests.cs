using System.Management.Automation;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Sync;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Sync;

/// <summary>Sync-LabObject as in a pipeline.</summary>
[Trait("Area", "Storage")]
public sealed class SyncCmdletTests() : StorageTest(StorageServer.Emulator)
{
    private string Place => $"s3://{Bucket}/p";

    [Fact]
    public async Task It_writes_what_it_did_and_the_next_cmdlets_take_that()
    {
        NewFile("source/a/x.json", 10);
        NewFile("source/y.txt", 20);
        LabSyncAction[] up = (await RunAsync(new { Source = "source", Destination = Place, Session })).Ok().OutputOf<LabSyncAction>();
        Assert.Equal(["a/x.json", "y.txt"], up.Select(action => action.Name).Order(StringComparer.Ordinal));
        Assert.All(up, action => Assert.Equal("CRC32C", action.Transfer!.VerifiedBy));
        Assert.Equal(
            ["application/json", "text/plain"],
            (await CmdletRunner.RunAsync("Get-LabObject", new { Session }, up)).Ok().OutputOf<LabObjectMetadata>().Select(o => o.ContentType).Order(StringComparer.Ordinal));
        LabSyncAction[] down = (await RunAsync(new { Source = Place, Destination = "back", Session })).Ok().OutputOf<LabSyncAction>();
        Assert.All(down, action => Assert.True(File.Exists(action.PSPath)));
        Assert.Empty((await RunAsync(new { Source = "source", Destination = Place, Session })).Ok().Output);
        Assert.Equal(
            [("a/x.json", SyncReason.Unchanged), ("y.txt", SyncReason.Unchanged)],
            (await RunAsync(new { Source = "source/", Destination = Place, IncludeSkipped = true, Session })).Ok().OutputOf<LabSyncAction>()
                .Select(a => (a.Name, a.Reason)).OrderBy(a => a.Name, StringComparer.Ordinal));
    }

    [Fact]
    public async Task WhatIf_writes_the_plan_with_reasons_and_changes_nothing()
    {
        NewFile("source/new", 10);
        NewFile("source/changed", 20);
        await PutAsync("p/changed");
        await PutAsync("p/gone");
        CmdletResult plan = (await RunAsync(new { Source = "source", Destination = Place, Delete = true, WhatIf = true, Session })).Ok();
        Assert.Equal(
            [("changed", SyncAction.Upload, SyncReason.SizeDiffers, false), ("gone", SyncAction.Delete, SyncReason.NotInSource, false), ("new", SyncAction.Upload, SyncReason.Missing, false)],
            plan.OutputOf<LabSyncAction>().Select(a => (a.Name, a.Action, a.Reason, a.Done)).OrderBy(a => a.Name, StringComparer.Ordinal));
        Assert.Contains(Place, Assert.Single(plan.Information), StringComparison.Ordinal);
        CmdletResult silent = (await RunAsync(new { Source = "source", Destination = Place, Delete = true, WhatIf = true, InformationAction = "Ignore", Session })).Ok();
        Assert.Empty(silent.Information);
        Assert.Equal(plan.OutputOf<LabSyncAction>().Select(a => a.Name), silent.OutputOf<LabSyncAction>().Select(a => a.Name));
        Assert.Equal(["p/changed", "p/gone"], await KeysAsync());
    }

    [Fact]
    public async Task The_plan_refuses_what_the_run_refuses_and_nothing_of_that_name_is_removed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes among its files");
        NewFile("source/empty", 0);
        File.CreateSymbolicLink(Path.Combine(Folder, "source", "link"), "none");
        await ForeignProcess.OutputAsync(new("mkfifo", [Path.Combine(Folder, "source", "pipe")]));
        foreach (string key in new[] { "p/link", "p/pipe", "p/extra" })
        {
            await PutAsync(key);
        }

        foreach (bool whatIf in new[] { true, false })
        {
            foreach (bool checksum in new[] { true, false })
            {
                CmdletResult sync = await RunAsync(new { Source = "source", Destination = Place, Delete = true, Checksum = checksum, WhatIf = whatIf, Session });
                Assert.Equal(["FileNotFound", "NotAFile"], sync.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]));
                Assert.Equal(
                    whatIf || checksum ? ["empty", "extra"] : [],
                    sync.OutputOf<LabSyncAction>().Select(a => a.Name).Order(StringComparer.Ordinal));
            }
        }

        Assert.Equal(["p/empty", "p/link", "p/pipe"], await KeysAsync());
    }

    [Fact]
    public async Task An_empty_source_is_refused_before_anybody_is_asked_and_the_other_places_go_on()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "empty"));
        NewFile("source/a", 1);
        foreach (int i in Enumerable.Range(0, 12))
        {
            await PutAsync($"p/{i}");
        }

        await PutAsync("q/gone");
        CmdletResult result = await CmdletRunner.RunAsync(
            "Sync-LabObject", new { Delete = true, Session },
            [new { Source = "empty", Destination = Place }, new { Source = "source", Destination = $"s3://{Bucket}/q" }], location: Folder, answer: ConfirmAnswer.Yes);
        Assert.Null(result.TerminatingError);
        Assert.StartsWith("SourceIsEmpty,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(result.Questions);
        Assert.Equal(["q/a"], (await KeysAsync()).Where(key => key.StartsWith("q/", StringComparison.Ordinal)));
        Assert.Equal(13, (await KeysAsync()).Count());
    }

    [Fact]
    public async Task Delete_is_consent_and_Confirm_asks_all_the_same()
    {
        NewFile("source/a", 1);
        await PutAsync("p/b");
        CmdletResult asked = await RunAsync(new { Source = "source", Destination = Place, Delete = true, Confirm = true, Session }, ConfirmAnswer.No);
        Assert.Equal(2, asked.Ok().Questions.Count);
        Assert.Empty(asked.Output);
        Assert.Equal(["p/b"], await KeysAsync());
        CmdletResult done = (await RunAsync(new { Source = "source", Destination = Place, Delete = true, Session })).Ok();
        Assert.Empty(done.Questions);
        Assert.Equal(["p/a"], await KeysAsync());
    }

    [Fact]
    public async Task Removing_most_of_a_place_asks_and_Force_answers()
    {
        NewFile("source/a", 1);
        string[] keys = ["p/keep/a", .. Enumerable.Range(0, 11).Select(i => $"p/n{i:d2}")];
        await Task.WhenAll(keys.Select(key => PutAsync(key)));
        object sync = new { Source = "source", Destination = Place, Delete = true, Session };
        CmdletResult nobody = await RunAsync(sync);
        Assert.Equal("RemovalNotConfirmed", CodeOf(Assert.Single(nobody.Errors)));
        Assert.Contains($"12 of the 12 items in {Place}/", nobody.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', nobody.Errors[0].ToString());
        CmdletResult refused = (await RunAsync(sync, ConfirmAnswer.No)).Ok();
        Assert.Single(refused.Questions);
        Assert.Equal([.. keys, "p/a"], (await KeysAsync()).OrderBy(key => key == "p/a"));
        Assert.Equal(12, (await RunAsync(new { Source = "source", Destination = Place, Delete = true, WhatIf = true, Session })).Ok().Output.Count);

        // Ten are not asked for, nor is half of them.
        Assert.Equal(10, (await RunAsync(new { Source = "source", Destination = Place, Delete = true, Exclude = new[] { "n00", "keep" }, Session })).Ok().Output.Count);
        await Task.WhenAll(keys.Select(key => PutAsync(key)));
        foreach (string key in keys)
        {
            NewFile("source/more/" + key, 7);
        }

        await RunAsync(new { Source = "source", Destination = Place, Session });
        Assert.Empty((await RunAsync(sync)).Ok().Questions);
        await Task.WhenAll(keys.Select(key => PutAsync(key)));
        Directory.Delete(Path.Combine(Folder, "source", "more"), recursive: true);
        CmdletResult forced = (await RunAsync(new { Source = "source", Destination = Place, Delete = true, Force = true, Session })).Ok();
        Assert.Empty(forced.Questions);
        Assert.Equal(["p/a"], await KeysAsync());

        await Task.WhenAll(keys.Select(key => PutAsync(key)));
        Assert.Single((await RunAsync(sync, ConfirmAnswer.Yes)).Ok().Questions);
        Assert.Equal(["p/a"], await KeysAsync());
    }

    [Fact]
    public async Task The_name_of_a_folder_excludes_what_is_in_it()
    {
        NewFile("source/a", 1);
        NewFile("source/tmp/b", 1);
        NewFile("source/c/tmp/d/e", 1);
        await PutAsync("p/tmp/old");
        (await RunAsync(new { Source = "source", Destination = Place, Delete = true, Exclude = "tmp", Session })).Ok();
        Assert.Equal(["p/a", "p/tmp/old"], await KeysAsync());
    }

    [Fact]
    public async Task Thousands_of_removals_go_in_batches()
    {
        NewFile("source/a", 1);
        await Parallel.ForAsync(0, 1050, Token, async (i, _) => await PutAsync($"p/n{i}", []));
        await using FaultProxy proxy = new(ServerUrl);
        LabSession session = await ConnectAsync(proxy.Url);
        Assert.Equal(1051, (await RunAsync(new { Source = "source", Destination = Place, Delete = true, Force = true, Session = session })).Ok().Output.Count);
        Assert.Equal(2, proxy.Seen.Count(request => request.Method == "POST"));
        Assert.Equal(["p/a"], await KeysAsync());
    }

    [Fact]
    public async Task A_file_that_vanishes_is_its_own_error_and_the_others_go()
    {
        string[] files = [.. Enumerable.Range(0, 5).Select(i => NewFile($"source/{i}", 1000))];
        await using FaultProxy proxy = new(ServerUrl);
        LabSession session = await ConnectAsync(proxy.Url);
        proxy.Plan = request =>
        {
            File.Delete(files[4]);
            return Fault.None;
        };
        CmdletResult result = await RunAsync(new { Source = "source", Destination = Place, ThrottleLimit = 1, Session = session });
        Assert.Equal("FileNotFound", CodeOf(Assert.Single(result.Errors)));
        Assert.Equal(4, result.Output.Count);
    }

    [Fact]
    public async Task What_cannot_be_removed_is_its_own_error()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the file is put out of reach by a link");
        await PutAsync("p/a");
        NewFile("back/d/x", 1);
        NewFile("elsewhere/x", 1);
        await using FaultProxy proxy = new(ServerUrl);
        proxy.Plan = request =>
        {
            // Between the plan and the removal a folder becomes a link.
            if (request.Target.Contains("/p/a", StringComparison.Ordinal))
            {
                Directory.Delete(Path.Combine(Folder, "back", "d"), recursive: true);
                Directory.CreateSymbolicLink(Path.Combine(Folder, "back", "d"), Path.Combine(Folder, "elsewhere"));
            }

            return Fault.None;
        };
        CmdletResult result = await RunAsync(new { Source = Place, Destination = "back", Delete = true, Session = await ConnectAsync(proxy.Url) });
        Assert.Equal("LinkInTheWay", CodeOf(Assert.Single(result.Errors)));
        Assert.Equal(["x"], FilesIn(Path.Combine(Folder, "elsewhere")));
        Assert.Equal(["a"], result.OutputOf<LabSyncAction>().Select(action => action.Name));
    }

    [Fact]
    public async Task Ctrl_C_ends_it_at_once_and_removes_nothing()
    {
        NewFile("source/a", 1000);
        await PutAsync("p/b");
        using CancellationTokenSource ctrlC = new();
        await using FaultProxy proxy = new(ServerUrl);
        LabSession session = await ConnectAsync(proxy.Url);
        proxy.Plan = request =>
        {
            if (request.Method == "PUT")
            {
                ctrlC.Cancel();
                return new Fault(FaultKind.StallAtOnce);
            }

            return Fault.None;
        };
        CmdletResult result = await CmdletRunner.RunAsync(
            "Sync-LabObject", new { Source = "source", Destination = Place, Delete = true, Session = session }, ctrlC: ctrlC.Token, location: Folder);
        Assert.True(result.Stopped);
        Assert.Equal(["p/b"], await KeysAsync());
    }

    [Fact]
    public async Task The_rows_of_a_table_are_synchronized_one_after_the_other()
    {
        NewFile("one/a", 1);
        NewFile("two/b", 1);
        object[] rows = [new { Source = "one", Destination = $"s3://{Bucket}/1" }, new { Source = "two", Destination = $"s3://{Bucket}/2" }];
        (await CmdletRunner.RunAsync("Sync-LabObject", new { Session }, rows, location: Folder)).Ok();
        Assert.Equal(["1/a", "2/b"], await KeysAsync());
    }

    [Theory]
    [InlineData("a", "b", "NoBucket")]
    [InlineData("s3://", "b", "InvalidPlace")]
    [InlineData("none", "s3://movies", "FileNotFound")]
    public async Task Nonsense_is_one_error(string source, string destination, string code)
    {
        CmdletResult result = await RunAsync(new { Source = source, Destination = destination, Session });
        Assert.Equal(code, CodeOf(result.Error()));
        Assert.Equal("SizeOnlyAndChecksum", CodeOf((await RunAsync(
            new { Source = source, Destination = destination, SizeOnly = true, Checksum = true, Session })).TerminatingError!));
    }

    private static string CodeOf(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];

    private Task<CmdletResult> RunAsync(object parameters, ConfirmAnswer? answer = null) =>
        CmdletRunner.RunAsync("Sync-LabObject", parameters, answer: answer, location: Folder);
}
