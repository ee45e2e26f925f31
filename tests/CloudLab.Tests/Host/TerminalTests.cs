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

    private static Task<string> AnswerAsync(string command, Dictionary<string, string> environment, params (string Question, string Answer)[] answers) =>
        TerminalProcess.RunAsync($"dotnet '{CommandLineProcessTests.Host}' {command}", environment, answers);
}
