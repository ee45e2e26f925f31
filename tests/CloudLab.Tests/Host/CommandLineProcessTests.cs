using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Host;

/// <summary><c>cloudlab</c> as a process: exit codes, pipes, signals.</summary>
[Trait("Area", "Host")]
public class CommandLineProcessTests
{
    /// <summary>What ./build.sh made.</summary>
    internal static readonly string Host = Path.Combine(CloudLab.Tests.Module.Repository.Folder, "out", "bin", "cloudlab.dll");
    private static readonly string Module = Path.Combine(CloudLab.Tests.Module.Repository.Folder, "out", "CloudLab");

    [Fact]
    public async Task Objects_come_as_JSON_lines_and_the_exit_code_is_0()
    {
        Outcome run = await RunAsync("Measure-HpaReplicas 5 120 50");
        Assert.Equal("", run.Errors);
        Assert.Equal(12, JsonDocument.Parse(run.Output).RootElement.GetProperty("DesiredReplicas").GetInt32());
        Assert.Equal(0, run.Code);
    }

    [Fact]
    public async Task A_bad_item_is_exit_code_1_and_the_others_are_done()
    {
        Outcome run = await RunAsync(
            "Measure-HpaReplicas -CurrentReplicas 5 -TargetValue 50", "{\"CurrentValue\":-1}\n{\"CurrentValue\":50}\n");
        Assert.Single(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("Measure-HpaReplicas: ", run.Errors, StringComparison.Ordinal);
        Assert.Equal(1, run.Code);
    }

    [Theory]
    [InlineData("Measure-HpaReplicas -Nope 5", "'Nope'")]
    [InlineData("Measure-HpaReplicas five 120 50", "five")]
    [InlineData("Get-Nothing", "no cmdlet Get-Nothing")]
    [InlineData("help Get-Nothing", "no cmdlet Get-Nothing")]
    [InlineData("Get-LabObjekt", "Did you mean Get-LabObject?")]
    [InlineData("help Get-Bucket", "Did you mean Get-LabBucket?")]
    [InlineData("Start-LabEmulator", "cloudlab emulator")]
    [InlineData("Measure-HpaReplicas -CurentReplicas 5", "Did you mean -CurrentReplicas?")]
    [InlineData("Measure-HpaReplicas -Current 5", "-CurrentReplicas -CurrentValue")]
    [InlineData("Measure-HpaReplicas -CurrentReplicas", "-CurrentReplicas needs a value")]
    [InlineData("Measure-HpaReplicas -CurrentReplicas -CurrentValue 5", "-CurrentReplicas:-CurrentValue")]
    [InlineData("Measure-HpaReplicas -CurrentReplicas 5 -CurrentReplicas 6", "more than once")]
    [InlineData("Measure-HpaReplicas 5 120 50 60", "'60'")]
    [InlineData("Measure-HpaReplicas 5 120 50 -Verbose:", "-Verbose:true or -Verbose:false")]
    [InlineData("Measure-HpaReplicas 5 120 50 -ErrorAction Bad", "Bad")]
    [InlineData("Measure-HpaReplicas 5 120 50 -WhatIf", "'WhatIf'")]
    [InlineData("New-LabBucket movies -Tag team", "-Tag takes name=value, not 'team'")]
    [InlineData("Get-LabBucket -Credential user,env:CLOUDLAB_NOT_SET", "CLOUDLAB_NOT_SET is not set")]
    [InlineData("Get-LabBucket -Credential user", "-Credential: the secret cannot be prompted for here")]
    [InlineData("Connect-Lab -SessionToken secret", "on the command line")]
    [InlineData("Measure-HpaReplicas 5 1,5 50", "-CurrentValue takes a number, not '1,5'")]
    [InlineData("Measure-HpaReplicas 5 120 50 -Tolerance 0,2", "-Tolerance takes a number, not '0,2'")]
    [InlineData("Measure-HpaReplicas 1,000 120 -TargetValue:50", "-CurrentReplicas takes a number, not '1,000'")]
    [InlineData("Measure-HpaReplicas 5 120 -TargetValue:", "-TargetValue takes a number, not ''")]
    [InlineData("Get-LabObject movies -PageSize 1,000", "-PageSize takes a number")]
    [InlineData("emulator --port 1,5", "--port")]
    [InlineData("emulator --port x", "--port")]
    [InlineData("emulator --nope x", "--nope")]
    public async Task A_command_line_that_makes_no_sense_is_exit_code_2(string args, string says)
    {
        Outcome run = await RunAsync(args);
        Assert.Contains(says, run.Errors.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.Equal(2, run.Code);
    }

    [Theory]
    [InlineData("Get-LabBucket -Credential USER:S3CRET")]
    [InlineData("Get-LabBucket -Credential USER,S3CRET")]
    [InlineData("Get-LabBucket -Credential S3CRET")]
    [InlineData("Get-LabBucket -Credential USER,env:A/S3CRET+")]
    [InlineData("Get-LabBucket -Credential env:USER:S3CRET")]
    [InlineData("Connect-Lab -SessionToken S3CRET")]
    [InlineData("Connect-Lab -SessionToken env:A/S3CRET")]
    [InlineData("Get-LabObjectContent movies k -CustomerKey S3CRET")]
    [InlineData("emulator --secret-key S3CRET")]
    [InlineData("emulator --secret-key env:S3CRET")]
    public async Task A_secret_on_the_command_line_is_refused_and_not_repeated(string args)
    {
        Outcome run = await RunAsync(args);
        Assert.DoesNotContain("S3CRET", run.Output + run.Errors, StringComparison.Ordinal);
        Assert.Matches("env:NAME|after env:|env: comes", run.Errors);
        Assert.Equal(2, run.Code);
    }

    [Fact]
    public async Task Output_of_one_is_input_of_the_next()
    {
        Outcome first = await RunAsync("Measure-HpaReplicas 5 120 50");
        Outcome second = await RunAsync("Measure-HpaReplicas -CurrentReplicas 10", first.Output);
        Assert.Equal(24, JsonDocument.Parse(second.Output).RootElement.GetProperty("DesiredReplicas").GetInt32());
    }

    [Fact]
    public async Task No_input_is_nothing_to_do_where_input_was_needed_and_none_where_it_was_not()
    {
        Outcome needed = await RunAsync("Get-LabSchedule -Count 1", "");
        Assert.Equal(("", "", 0), (needed.Output, needed.Errors, needed.Code));
        Outcome complete = await RunAsync("Measure-HpaReplicas 5 120 50", "");
        Assert.NotEqual("", complete.Output);
    }

    [Fact]
    public async Task Without_any_input_what_is_missing_is_said()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no /dev/null to read from.");
        using Process process = Process.Start(new ProcessStartInfo(
            "sh", ["-c", $"exec dotnet '{Host}' Get-LabSchedule -Count 1 < /dev/null"]) { RedirectStandardError = true })!;
        Assert.Contains(
            "missing mandatory parameters: Schedule",
            await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await WaitAsync(process);
        Assert.Equal(2, process.ExitCode);
    }

    [Fact]
    public async Task Input_that_is_no_JSON_is_said_with_its_line()
    {
        Outcome run = await RunAsync("Measure-HpaReplicas -CurrentReplicas 5 -TargetValue 1", "{\"CurrentValue\":1}\n{\"CurrentValue\":}\n");
        Assert.Contains("Line 2", run.Errors, StringComparison.Ordinal);
        Assert.Equal(1, run.Code);
    }

    [Fact]
    public async Task When_nobody_reads_any_more_the_command_ends_quietly()
    {
        using Running running = new(Start("Measure-HpaReplicas -CurrentReplicas 5 -TargetValue 1", input: true));
        Process process = running.Process;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteLineAsync("{\"CurrentValue\":1}");
        await process.StandardInput.FlushAsync();
        Assert.StartsWith("{", await process.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        process.StandardOutput.Close();
        try
        {
            // It must end by itself, with its own input still open.
            while (!process.HasExited)
            {
                await process.StandardInput.WriteLineAsync("{\"CurrentValue\":2}");
                await process.StandardInput.FlushAsync();
            }
        }
        catch (IOException)
        {
            // It has ended.
        }

        await WaitAsync(process);
        Assert.Equal("", await errors);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task SIGTERM_ends_a_command_that_waits_for_input()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        using Running running = new(Start("Measure-HpaReplicas -CurrentReplicas 5 -TargetValue 1", input: true));
        Process process = running.Process;
        await process.StandardInput.WriteLineAsync("{\"CurrentValue\":1}");
        await process.StandardInput.FlushAsync();
        await process.StandardOutput.ReadLineAsync();
        Assert.Equal(0, Kill(process.Id, 15));
        await WaitAsync(process);
        Assert.Equal(143, process.ExitCode);
        Assert.Equal("", await process.StandardError.ReadToEndAsync());
    }

    [Fact]
    public async Task The_emulator_prints_what_to_set_and_runs_until_told_to_stop()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        using Running running = new(Start("emulator", input: false));
        Process process = running.Process;
        Dictionary<string, string> set = [];
        while (await process.StandardOutput.ReadLineAsync() is { } line && line != "# ready")
        {
            string[] pair = line["export ".Length..].Split('=', 2);
            set[pair[0]] = pair[1].Trim('\'');
        }

        using HttpClient http = new();
        using HttpResponseMessage answer = await http.GetAsync(new Uri(set["AWS_ENDPOINT_URL"] + "/"), TestContext.Current.CancellationToken);
        Assert.False(answer.IsSuccessStatusCode, "an unsigned request is refused");
        Assert.True(File.Exists(set["KUBECONFIG"]));
        Kill(process.Id, 15);
        await WaitAsync(process);
        Assert.Equal(0, process.ExitCode);
        Assert.False(File.Exists(set["KUBECONFIG"]));
    }

    [Fact]
    public async Task What_a_killed_emulator_left_goes_when_the_next_one_starts()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The folder for temporary files is named by TMPDIR on Unix only.");
        string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString())).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "cloudlab-emulator-of-somebody"));
        Dictionary<string, string> environment = new() { ["TMPDIR"] = folder };
        using Running killed = new(await StartEmulatorAsync(environment)), lives = new(await StartEmulatorAsync(environment));
        string[] both = Directory.GetDirectories(folder);
        Assert.Equal(3, both.Length);
        killed.Process.Kill();
        await WaitAsync(killed.Process);
        Assert.Equal(3, Directory.GetDirectories(folder).Length);
        using Running next = new(await StartEmulatorAsync(environment));
        string[] left = Directory.GetDirectories(folder);
        Assert.Equal((3, 2), (left.Length, left.Intersect(both).Count()));
        Assert.Contains(Path.Combine(folder, "cloudlab-emulator-of-somebody"), left);
        foreach (Running running in new[] { lives, next })
        {
            Assert.Equal(0, Kill(running.Process.Id, 15));
            await WaitAsync(running.Process);
        }

        Assert.Single(Directory.GetDirectories(folder));
    }

    [Fact]
    public async Task Advice_names_nothing_that_would_not_last()
    {
        string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString())).FullName;
        Dictionary<string, string> nothing = new[] { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI" }
            .ToDictionary(name => name, _ => "");
        (nothing["HOME"], nothing["AWS_EC2_METADATA_DISABLED"]) = (folder, "true");
        (nothing["AWS_CONFIG_FILE"], nothing["AWS_SHARED_CREDENTIALS_FILE"]) = (Path.Combine(folder, "none"), Path.Combine(folder, "none"));
        Outcome run = await RunAsync(["Get-LabBucket"], nothing);
        Assert.StartsWith("Get-LabBucket: No AWS credentials: use -ProfileName or -Credential, or set AWS_PROFILE", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Connect-Lab", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Start-LabEmulator", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_current_folder_that_is_gone_is_said()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps the current folder of a process.");
        string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString())).FullName;
        string command = Path.ChangeExtension(Host, null);
        (int code, string output, string errors) = await ForeignProcess.RunAsync(new ProcessStartInfo(
            "sh", ["-c", $"cd '{folder}' && rmdir '{folder}' && exec '{command}' Measure-HpaReplicas 5 120 50 < /dev/null"]));
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("cloudlab: The current folder no longer exists", errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task Help_lists_the_cmdlets_and_shows_one()
    {
        Outcome list = await RunAsync("");
        Assert.Matches(@"\nSessions\n(  \S.*\n)*  Get-LabSession  ", list.Output);
        Assert.Matches(@"\nStorage\n(  \S.*\n)*  Get-LabBucketCors  ", list.Output);
        Outcome page = await RunAsync("help measure-hpareplicas");
        Assert.Equal("", page.Errors);
        Assert.Contains("-CurrentReplicas <int>", page.Output, StringComparison.Ordinal);
        Assert.Contains("EXAMPLES", page.Output, StringComparison.Ordinal);
        Assert.Equal(page.Output, (await RunAsync("Measure-HpaReplicas -?")).Output);
    }

    [Theory]
    [InlineData("Measure-HpaReplicas --current-replicas=5 --current-value 120 --target-value:50")]
    [InlineData("measure-hpareplicas -CurrentR 5 -currentv:120 -TargetValue 50")]
    [InlineData("Measure-HpaReplicas -- 5 120 50")]
    [InlineData("Measure-HpaReplicas 5 -TargetValue 50 120")]
    [InlineData("Measure-HpaReplicas 5 1.2e2 50 -Verbose:false -InformationAction Ignore")]
    public async Task The_engine_binds_what_was_typed(string args)
    {
        Outcome run = await RunAsync(args);
        Assert.Equal(("", 0), (run.Errors, run.Code));
        Assert.Equal(12, JsonDocument.Parse(run.Output).RootElement.GetProperty("DesiredReplicas").GetInt32());
    }

    [Fact]
    public async Task A_number_with_a_minus_is_a_value()
    {
        Outcome run = await RunAsync("Measure-HpaReplicas 5 -120 50");
        Assert.Contains("CurrentValue cannot be -120", run.Errors, StringComparison.Ordinal);
        Assert.Equal(1, run.Code);
    }

    [Fact]
    public async Task Help_needs_no_engine()
    {
        string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString())).FullName;
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(Host)!, "cloudlab*"))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        // Without the list of what is needed the runtime takes what lies there, and the engine does not.
        File.Delete(Path.Combine(folder, "cloudlab.deps.json"));
        using Running running = new(Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(folder, "cloudlab.dll"), "help", "Get-LabBucket"])
        {
            Environment = { ["CLOUDLAB_MODULE"] = Module },
            RedirectStandardOutput = true,
        })!);
        Assert.Contains("SYNTAX", await running.Process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await WaitAsync(running.Process);
        Assert.Equal(0, running.Process.ExitCode);
    }

    [Fact]
    public async Task Every_kind_of_value_comes_out_as_JSON()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        Assert.Equal(0, (await RunAsync(["New-LabBucket", "movies", "-Tag", "team=a,b=c", "-Tag", "stage=a b", "-Tag", "@{Owner='me;x=y'; Other = it's}"], lab)).Code);
        JsonElement tag = Parse(await RunAsync(["Get-LabBucketTag", "movies"], lab)).GetProperty("Tag");
        Assert.Equal(("a,b=c", "a b", "me;x=y"), (tag.GetProperty("team").GetString(), tag.GetProperty("stage").GetString(), tag.GetProperty("Owner").GetString()));
        Assert.Equal("it's", tag.GetProperty("Other").GetString());

        JsonElement stored = Parse(await RunAsync(["Set-LabObjectContent", "movies", "k", "text", "-PassThru"], lab));
        Assert.Equal(JsonValueKind.Number, stored.GetProperty("Size").ValueKind);
        JsonElement listed = Parse(await RunAsync(["Get-LabObject", "movies"], lab));
        Assert.EndsWith("+00:00", listed.GetProperty("LastModified").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, listed.GetProperty("VersionId").ValueKind);
        Outcome sizes = await RunAsync("Measure-HpaReplicas 5 120 50");
        JsonElement measured = Parse(sizes);
        Assert.Equal(2.4, measured.GetProperty("Ratio").GetDouble());
        Assert.Equal(JsonValueKind.False, measured.GetProperty("WithinTolerance").ValueKind);
        Assert.Equal("None", measured.GetProperty("LimitedBy").GetString());
    }

    [Fact]
    public async Task Odd_text_arrives_as_it_was_typed()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        foreach (string text in new[] { "it's \"quoted\" & <odd>", "ünïcode ☃ 😀", "$env:HOME $(Get-Date) `n @x", "{ $_ }", "-dash", "" })
        {
            // A scalar takes a comma as it is, and text is no script.
            string key = "key, " + text;
            Outcome set = await RunAsync(["Set-LabObjectContent", "-Bucket", "movies", "-Key", key, "-NoNewline", "-Value:" + text], lab);
            Assert.Equal(("", 0), (set.Errors, set.Code));
            Outcome get = await RunAsync(["Get-LabObjectContent", "movies", key, "-Raw"], lab);
            Assert.Equal(text, Parse(get).GetString());
        }
    }

    [Fact]
    public async Task A_single_value_is_not_divided_or_joined()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        foreach (string[] args in new[] { new[] { "-Key", @"hello\,,", "movies", "text" }, ["movies", @"hello\,,", "text"] })
        {
            Outcome set = await RunAsync(["Set-LabObjectContent", .. args, "-NoNewline"], lab);
            Assert.Equal(("", 0), (set.Errors, set.Code));
            Assert.Equal(@"hello\,,", Parse(await RunAsync(["Get-LabObject", "movies"], lab)).GetProperty("Key").GetString());
            Assert.Equal(0, (await RunAsync(["Remove-LabBucket", "movies", "-Force"], lab)).Code);
            await RunAsync(["New-LabBucket", "movies"], lab);
        }
    }

    [Fact]
    public async Task A_comma_does_not_divide_and_what_looks_like_a_list_is_refused_or_said()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        foreach (string key in new[] { "a,b", "a", "b", "c," })
        {
            Assert.Equal(0, (await RunAsync(["Set-LabObjectContent", "movies", key, "-Value", "x,y"], lab)).Code);
        }

        Assert.Equal("x,y", Parse(await RunAsync(["Get-LabObjectContent", "movies", "a,b"], lab)).GetString());
        foreach (string[] args in new[] { new[] { "movies", "a,b" }, ["-Bucket", "movies", "-Key:c,"] })
        {
            Outcome removed = await RunAsync(["Remove-LabObject", .. args, "-Confirm:false"], lab);
            Assert.Equal(("", 0), (removed.Errors, removed.Code));
        }

        foreach (string[] args in new[] { new[] { "-Key", "a,", "b", "movies" }, ["movies", "a,", "b"] })
        {
            Outcome list = await RunAsync(["Remove-LabObject", .. args, "-Confirm:false"], lab);
            Assert.Contains("-Key: 'a,' ends in a comma", list.Errors, StringComparison.Ordinal);
            Assert.Contains("-Key A -Key B", list.Errors, StringComparison.Ordinal);
            Assert.Equal(2, list.Code);
        }

        Outcome missing = await RunAsync(["Get-LabObject", "-Bucket", "movies", "-Key", "a,b"], lab);
        Assert.Contains("NoSuchKey", missing.Errors, StringComparison.Ordinal);
        Assert.Contains("for several values write -Key A -Key B", missing.Errors, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], Lines(await RunAsync(["Get-LabObject", "movies"], lab)).Select(l => l.GetProperty("Key").GetString()));
    }

    [Theory]
    [InlineData("{\"a\":1}\ntrue\r\n\nnull\n\"x\"\n\n")]
    [InlineData("no line end")]
    [InlineData("[1,\n")]
    [InlineData("")]
    [InlineData("\ufeffmark\0\r")]
    public async Task What_a_pipe_brings_is_stored_byte_for_byte(string text)
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        Outcome set = await RunAsync(["Set-LabObjectContent", "movies", "k"], lab, text);
        Assert.Equal(("", "", 0), (set.Output, set.Errors, set.Code));
        lab["CLOUDLAB_OUTPUT"] = "json";
        Outcome get = await RunAsync(["Get-LabObjectContent", "movies", "k", "-Raw", "-AsByteStream"], lab);
        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(text), Parse(get).GetBytesFromBase64());
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_stored_as_they_are()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sh sends the bytes.");
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        byte[] content = new byte[300_000];
        new Random(1).NextBytes(content);
        string file = Path.Combine(TestEnvironment.Folder, Guid.NewGuid() + ".bin");
        await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
        ProcessStartInfo start = new("sh", ["-c", $"cat '{file}' | dotnet '{Host}' Set-LabObjectContent movies k -PassThru"]);
        foreach ((string name, string value) in lab)
        {
            start.Environment[name] = value;
        }

        (int code, string output, string errors) = await ForeignProcess.RunAsync(start);
        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(content.Length, JsonDocument.Parse(output).RootElement.GetProperty("Size").GetInt32());
        using Running running = new(Start(["Get-LabObjectContent", "movies", "k", "-AsByteStream"], false, lab));
        using MemoryStream read = new();
        await running.Process.StandardOutput.BaseStream.CopyToAsync(read, TestContext.Current.CancellationToken);
        Assert.Equal(content, read.ToArray());

        // The same into a cmdlet that takes objects: one error, which says where bytes go.
        start = new("sh", ["-c", $"dotnet '{Host}' Send-LabObject movies < '{file}'"]);
        (code, output, errors) = await ForeignProcess.RunAsync(start);
        Assert.Equal((1, ""), (code, output));
        Assert.Equal(2, errors.Trim().Split('\n').Length);
        Assert.StartsWith("Send-LabObject: Line 1 of the input is not a JSON object", errors, StringComparison.Ordinal);
        Assert.Contains("cloudlab Set-LabObjectContent BUCKET KEY", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_Encoding_or_NoNewline_a_pipe_brings_lines_and_never_JSON()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        foreach ((string[] how, string stored) in new[] { (new[] { "-NoNewline" }, "{\"a\":1}true"), (["-Encoding", "unicode"], "{\"a\":1}\n\ntrue\n") })
        {
            Outcome set = await RunAsync(["Set-LabObjectContent", "movies", "k", .. how], lab, "{\"a\":1}\r\n\ntrue");
            Assert.Equal(("", 0), (set.Errors, set.Code));
            Assert.Equal(stored, Parse(await RunAsync(["Get-LabObjectContent", "movies", "k", "-Raw"], lab)).GetString());
        }
    }

    [Fact]
    public async Task A_command_that_has_all_it_needs_leaves_the_input_to_others()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sh reads the rest.");
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        ProcessStartInfo start = new("sh", ["-c", $"printf 'a\\nb\\n' | {{ dotnet '{Host}' Set-LabObjectContent movies k -Value text; cat; }}"]);
        foreach ((string name, string value) in lab)
        {
            start.Environment[name] = value;
        }

        Assert.Equal((0, "a\nb\n", ""), await ForeignProcess.RunAsync(start));
    }

    [Fact]
    public async Task A_manifest_from_a_pipe_keeps_its_blank_lines_and_what_looks_like_JSON()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        const string Manifest = "\n# a map\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: texts}\ndata:\n  text: |\n    first\n\n    true\n  json: |-\n    {\"a\":1}\n\n    [2]\n";
        Outcome deployed = await RunAsync(["Deploy-LabManifest"], lab, Manifest);
        Assert.Equal(("", 0), (deployed.Errors, deployed.Code));
        JsonElement data = Parse(await RunAsync(["Get-LabResource", "configmap", "texts"], lab)).GetProperty("Data");
        Assert.Equal(("first\n\ntrue\n", "{\"a\":1}\n\n[2]"), (data.GetProperty("text").GetString(), data.GetProperty("json").GetString()));

        // JSON is objects, until something else comes.
        const string Json = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME"}}""";
        Outcome several = await RunAsync(
            ["Deploy-LabManifest"], lab,
            string.Join('\n', Json.Replace("NAME", "one", StringComparison.Ordinal), Json.Replace("NAME", "two", StringComparison.Ordinal), "---", Json.Replace("NAME", "three", StringComparison.Ordinal)));
        Assert.Equal(["one", "three", "two"], Lines(several).Select(l => l.GetProperty("Name").GetString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Input_that_cannot_be_read_is_said()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A folder can be opened for input on Unix only.");
        foreach (string args in new[] { "Measure-HpaReplicas -CurrentReplicas 5 -TargetValue 1", "Get-LabBucket" })
        {
            (int code, string output, string errors) = await ForeignProcess.RunAsync(new ProcessStartInfo("sh", ["-c", $"exec dotnet '{Host}' {args} < /"]));
            Assert.Equal((1, ""), (code, output));
            Assert.Contains(": Standard input cannot be read: ", Assert.Single(errors.Trim().Split('\n')), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Standard_input_that_is_closed_is_none()
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux(), "Only Linux tells whose pipe it is.");
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());

        // `dotnet` opens files of its own before, one of which would be standard input then.
        ProcessStartInfo start = new("sh", ["-c", $"exec '{Path.ChangeExtension(Host, null)}' Get-LabBucket <&-"]);
        foreach ((string name, string value) in Of(emulator))
        {
            start.Environment[name] = value;
        }

        Assert.Equal((0, "", ""), await ForeignProcess.RunAsync(start));
    }

    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    public async Task Standard_error_that_takes_nothing_does_not_change_the_exit_code(string redirection)
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux(), "There is no /dev/full.");
        foreach ((string args, int expected) in new[] { ("Get-LabBucket a..b", 1), ("Get-LabNothing", 2), ("Get-LabBucket -Nope", 2) })
        {
            (int code, string output, _) = await ForeignProcess.RunAsync(new ProcessStartInfo("sh", ["-c", $"exec dotnet '{Host}' {args} </dev/null {redirection}"]));
            Assert.Equal((expected, ""), (code, output));
        }
    }

    [Fact]
    public async Task Several_values_come_by_repetition_and_numbers_with_commas_too()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "-Bucket", "three", "-Bucket", "four", "-Verbose"], lab);
        Outcome list = await RunAsync(["Get-LabBucket"], lab);
        Assert.Equal(["four", "three"], Lines(list).Select(l => l.GetProperty("Bucket").GetString()));
    }

    [Fact]
    public async Task Bytes_go_into_a_pipe_as_they_are_and_as_numbers_where_JSON_is_asked_for()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        string file = Path.Combine(TestEnvironment.Folder, Guid.NewGuid() + ".bin");
        byte[] content = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];
        await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await RunAsync(["Send-LabObject", "movies", file, "-Key", "b"], lab)).Code);
        using Running running = new(Start(["Get-LabObjectContent", "movies", "b", "-AsByteStream"], false, lab));
        using MemoryStream read = new();
        await running.Process.StandardOutput.BaseStream.CopyToAsync(read, TestContext.Current.CancellationToken);
        Assert.Equal(content, read.ToArray());
        lab["CLOUDLAB_OUTPUT"] = "json";
        Assert.Equal("0\n1\n", (await RunAsync(["Get-LabObjectContent", "movies", "b", "-AsByteStream", "-TotalCount", "2"], lab)).Output);
    }

    [Fact]
    public async Task Exported_credentials_are_lines_for_a_shell()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabRole", "guest"], lab);
        Outcome bash = await RunAsync(["Use-LabRole", "guest", "-Export", "Bash"], lab);
        Assert.StartsWith("export AWS_ACCESS_KEY_ID='ASIA", bash.Output, StringComparison.Ordinal);
        Assert.All(bash.Output.TrimEnd().Split('\n'), line => Assert.Matches("^export AWS_[A-Z_]+='[^']+'$", line));
        Outcome json = await RunAsync(["Use-LabRole", "guest", "-Export", "CredentialProcess"], lab);
        Assert.Equal(1, Parse(json).GetProperty("Version").GetInt32());
        lab["CLOUDLAB_OUTPUT"] = "json";
        Assert.StartsWith("\"export ", (await RunAsync(["Get-LabSession", "-Export", "Bash"], lab)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_one_lists_the_next_fetches_by_property_name()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        await RunAsync(["Set-LabObjectContent", "movies", "a/ü.txt", "text"], lab);
        string folder = Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString());
        Outcome received = await RunAsync(["Receive-LabObject", "-Destination", folder], lab, (await RunAsync(["Get-LabObject", "movies"], lab)).Output);
        Assert.Equal(("", 0), (received.Errors, received.Code));
        Assert.Equal("text\n", (await File.ReadAllTextAsync(Path.Combine(folder, "a", "ü.txt"), TestContext.Current.CancellationToken)).ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task A_change_is_only_told_with_WhatIf_and_refused_where_nobody_can_be_asked()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        foreach (string output in new[] { "json", "table" })
        {
            lab["CLOUDLAB_OUTPUT"] = output;
            Outcome told = await RunAsync(["Remove-LabBucket", "movies", "-WhatIf"], lab);
            Assert.Equal(("", 0), (told.Output, told.Code));
            Assert.Contains("What if: ", told.Errors, StringComparison.Ordinal);
        }

        Outcome refused = await RunAsync(["Remove-LabBucket", "movies"], lab);
        Assert.Contains("add -Confirm:false", refused.Errors, StringComparison.Ordinal);
        Assert.Single(refused.Errors.Trim().Split('\n'));
        Assert.Equal(1, refused.Code);
        Assert.Equal(0, (await RunAsync(["Remove-LabBucket", "movies", "-Confirm:$false"], lab)).Code);
        Assert.Equal("", (await RunAsync(["Get-LabBucket"], lab)).Output);
    }

    [Fact]
    public async Task A_table_is_the_engines_own_without_colors_in_a_pipe_and_with_dates_that_cannot_be_misread()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        (lab["CLOUDLAB_OUTPUT"], lab["COLUMNS"], lab["LC_ALL"]) = ("table", "100", "de_DE.UTF-8");
        await RunAsync(["New-LabBucket", "movies"], lab);
        Outcome table = await RunAsync(["Get-LabBucket"], lab);
        string[] lines = table.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("Bucket", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("------", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("movies", lines[2], StringComparison.Ordinal);
        Assert.Contains(DateTime.UtcNow.Year + "-", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("\x1b", table.Output, StringComparison.Ordinal);
        Assert.All(lines, line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task A_script_block_can_be_given_where_a_parameter_takes_one()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        await RunAsync(["New-LabBucket", "movies"], lab);
        await RunAsync(["Set-LabObjectContent", "movies", "k", "text"], lab);
        Outcome wait = await RunAsync(["Wait-LabObject", "movies", "k", "-Until", "{ $_.Size -ge 4 }", "-Timeout", "00:00:20"], lab);
        Assert.Equal(("", 0), (wait.Errors, wait.Code));
        Assert.Equal("k", Parse(wait).GetProperty("Key").GetString());
    }

    [Fact]
    public async Task A_secret_comes_from_a_variable()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        (string user, string secret) = (lab["AWS_ACCESS_KEY_ID"], lab["AWS_SECRET_ACCESS_KEY"]);
        (lab["AWS_ACCESS_KEY_ID"], lab["AWS_SECRET_ACCESS_KEY"], lab["SECRET"], lab["BOTH"]) = ("wrong", "wrong", secret, $"{user}:{secret}");
        Assert.Equal(1, (await RunAsync(["Get-LabBucket"], lab)).Code);
        Assert.Equal(0, (await RunAsync(["Get-LabBucket", "-Credential", user + ",env:SECRET"], lab)).Code);
        Assert.Equal(0, (await RunAsync(["Get-LabBucket", "-Credential", "env:BOTH"], lab)).Code);
    }

    [Fact]
    public async Task An_error_is_one_line_with_its_id_and_leaves_nothing_behind()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = Of(emulator);
        lab["HOME"] = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString())).FullName;
        Outcome run = await RunAsync(["Get-LabObject", "no-such-bucket"], lab);
        Assert.Equal(("", 1), (run.Output, run.Code));
        Assert.StartsWith("Get-LabObject: ", run.Errors, StringComparison.Ordinal);
        Assert.Contains("NoSuchBucket", run.Errors.Split('\n')[0], StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(lab["HOME"], "*", SearchOption.AllDirectories));
        Outcome ignored = await RunAsync(["Get-LabObject", "no-such-bucket", "-ErrorAction", "SilentlyContinue"], lab);
        Assert.Equal(("", "", 1), (ignored.Output, ignored.Errors, ignored.Code));
    }

    private static Dictionary<string, string> Of(LabEmulator emulator) => emulator.Info.GetEnvironment().ToDictionary();

    private static JsonElement Parse(Outcome run) => Assert.Single(Lines(run));

    private static JsonElement[] Lines(Outcome run)
    {
        Assert.Equal("", run.Errors);
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
    }

    private static Task<Outcome> RunAsync(string args, string? input = null) => RunAsync(Words(args), null, input);

    private static string[] Words(string args) => args.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<Outcome> RunAsync(string[] args, Dictionary<string, string>? environment, string? input = null)
    {
        using Running running = new(Start(args, input is not null, environment));
        Process process = running.Process;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        await WaitAsync(process);
        return new Outcome(await output, await errors, process.ExitCode);
    }

    private static async Task<Process> StartEmulatorAsync(Dictionary<string, string> environment)
    {
        Process process = Start(["emulator"], false, environment);
        while (await process.StandardOutput.ReadLineAsync() is { } line && line != "# ready")
        {
        }

        return process;
    }

    private static Process Start(string args, bool input) => Start(Words(args), input, null);

    private static Process Start(string[] args, bool input, Dictionary<string, string>? environment)
    {
        ProcessStartInfo start = new("dotnet", [Host, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach ((string name, string value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        if (!input)
        {
            process.StandardInput.Close();
        }

        return process;
    }

    private static async Task WaitAsync(Process process)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    /// <summary>Ends with the test, whatever the test found.</summary>
    private sealed class Running(Process process) : IDisposable
    {
        public Process Process { get; } = process;

        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
            }

            Process.Dispose();
        }
    }

    private sealed record Outcome(string Output, string Errors, int Code);
}
