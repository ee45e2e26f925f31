using System.Diagnostics;
using System.Text;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Host;

/// <summary><c>cloudlab</c> on a terminal: what it asks, and how Ctrl+C ends a question. The terminal is that of <c>script</c>.</summary>
[Trait("Area", "Host")]
public sealed class TerminalTests
{
    private const string CtrlC = "\x03";

    [Fact]
    public async Task Ctrl_C_ends_a_question_for_a_secret() =>
        Assert.Matches(@"code 130\s+echo on", await AnswerAsync("Get-LabBucket -Credential user", [], ("Secret for -Credential: ", CtrlC)));

    [Fact]
    public async Task Ctrl_C_ends_a_question_of_the_cmdlet()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = emulator.Info.GetEnvironment().ToDictionary();
        Assert.Contains("code 0", await AnswerAsync("New-LabBucket movies", lab), StringComparison.Ordinal);
        string stopped = await AnswerAsync("Remove-LabBucket movies", lab, ("(Y): ", CtrlC));
        Assert.Contains("code 130", stopped, StringComparison.Ordinal);
        Assert.DoesNotContain("Remove-LabBucket:", stopped, StringComparison.Ordinal);

        // One question after the other.
        string removed = await AnswerAsync("Remove-LabBucket movies", lab, ("(Y): ", "what\n"), ("(Y): ", "y\n"));
        Assert.Contains("code 0", removed, StringComparison.Ordinal);
        Assert.DoesNotContain("movies", await AnswerAsync("Get-LabBucket", lab), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_is_typed_unseen()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = emulator.Info.GetEnvironment().ToDictionary();
        (string user, string secret) = (lab["AWS_ACCESS_KEY_ID"], lab["AWS_SECRET_ACCESS_KEY"]);
        lab["AWS_ACCESS_KEY_ID"] = lab["AWS_SECRET_ACCESS_KEY"] = "wrong";
        string shown = await AnswerAsync("Get-LabBucket -Credential " + user, lab, ("Secret for -Credential: ", "x\x7f" + secret + "\n"));
        Assert.Contains("code 0", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, shown, StringComparison.Ordinal);
        Assert.Contains("echo on", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_that_needs_an_MFA_code_asks_for_it()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions());
        Dictionary<string, string> lab = emulator.Info.GetEnvironment().ToDictionary();
        string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString())).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "config"),
            $"""
            [profile base]
            aws_access_key_id = {lab["AWS_ACCESS_KEY_ID"]}
            aws_secret_access_key = {lab["AWS_SECRET_ACCESS_KEY"]}
            [profile guarded]
            source_profile = base
            role_arn = arn:aws:iam::123456789012:role/nobody
            mfa_serial = arn:aws:iam::123456789012:mfa/me
            """,
            TestContext.Current.CancellationToken);
        lab["AWS_CONFIG_FILE"] = Path.Combine(folder, "config");
        (lab["AWS_SHARED_CREDENTIALS_FILE"], lab["AWS_ACCESS_KEY_ID"], lab["AWS_SECRET_ACCESS_KEY"]) = (Path.Combine(folder, "none"), "", "");

        // With a code the service is asked, which here knows no such role.
        string asked = await AnswerAsync("Get-LabBucket -ProfileName guarded", lab, ("mfa/me: ", "123456\n"));
        Assert.Contains("cannot assume role", asked, StringComparison.Ordinal);
        Assert.Contains("code 1", asked, StringComparison.Ordinal);
        string stopped = await AnswerAsync("Get-LabBucket -ProfileName guarded", lab, ("mfa/me: ", CtrlC));
        Assert.Contains("code 130", stopped, StringComparison.Ordinal);
    }

    /// <summary>Runs a command on a terminal of its own and answers what it asks.</summary>
    /// <returns>All that the terminal showed, and at the end <c>code N</c>.</returns>
    private static async Task<string> AnswerAsync(string command, Dictionary<string, string> environment, params (string Question, string Answer)[] answers)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/script"), "There is no 'script' of util-linux to make a terminal with.");
        // The shell too gets the Ctrl+C, and dash, which stands in for a missing SHELL, would end by it before it says the code.
        // Where this process was started in the background, the signal is ignored and would be in all that it starts.
        ProcessStartInfo start = new("/usr/bin/env", ["--default-signal=INT", "/usr/bin/script", "-qfc", $"trap : INT; dotnet '{CommandLineProcessTests.Host}' {command}; echo code $?; stty -a | grep -q ' echo ' && echo echo on", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        StringBuilder all = new();
        int read = 0;
        char[] some = new char[1024];
        Queue<(string Question, string Answer)> left = new(answers);
        try
        {
            for (int count; (count = await process.StandardOutput.ReadAsync(some, limit.Token)) > 0;)
            {
                all.Append(some, 0, count);
                if (left.TryPeek(out (string Question, string Answer) next) && all.ToString().IndexOf(next.Question, read, StringComparison.Ordinal) is >= 0 and int at)
                {
                    left.Dequeue();
                    read = at + next.Question.Length;
                    await process.StandardInput.WriteAsync(next.Answer);
                    await process.StandardInput.FlushAsync(limit.Token);
                }
            }
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        Assert.True(left.Count == 0, "It was not asked: " + all);
        return all.ToString();
    }
}
