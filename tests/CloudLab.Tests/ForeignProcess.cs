using System.Diagnostics;
using Xunit;

namespace CloudLab.Tests;

/// <summary>Runs a tool that no one here wrote and reads what it says, two minutes at the most.</summary>
internal static class ForeignProcess
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="start">Program and arguments; both outputs are taken.</param>
    /// <returns>Exit code, standard output and standard error.</returns>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["NO_PROXY"] = "127.0.0.1";
        using Process process = Process.Start(start)!;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Runs it and asserts that it ends well.</summary>
    /// <param name="start">Program and arguments.</param>
    /// <param name="mayFail">True where any exit code will do.</param>
    /// <returns>Standard output.</returns>
    public static async Task<string> OutputAsync(ProcessStartInfo start, bool mayFail = false)
    {
        (int exitCode, string output, string errors) = await RunAsync(start);
        Assert.True(
            mayFail || exitCode == 0, $"{Path.GetFileName(start.FileName)} {string.Join(' ', start.ArgumentList)}: {errors}{output}");
        return output;
    }

    /// <summary>Whether a process has ended, or does so soon.</summary>
    public static bool IsGone(int pid)
    {
        for (int i = 0; i < 100; i++)
        {
            // A killed child of a killed parent may stay a zombie until init looks.
            string stat = $"/proc/{pid}/stat";
            try
            {
                if (OperatingSystem.IsLinux() ? !File.Exists(stat) || File.ReadAllText(stat).Contains(") Z", StringComparison.Ordinal) : Process.GetProcessById(pid).HasExited)
                {
                    return true;
                }
            }
            catch (Exception e) when (e is ArgumentException or IOException)
            {
                return true;
            }

            Thread.Sleep(50);
        }

        return false;
    }
}
