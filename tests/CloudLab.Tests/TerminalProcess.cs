using System.Diagnostics;
using System.Text;
using Xunit;

namespace CloudLab.Tests;

/// <summary>Runs a program on a terminal of its own, that of <c>script</c>, and types what it waits for.</summary>
internal static class TerminalProcess
{
    /// <summary>Runs it to its end, two minutes at the most.</summary>
    /// <param name="command">The program and its arguments, for a shell.</param>
    /// <param name="environment">Variables.</param>
    /// <param name="answers">What the terminal shows and what is then typed, one after the other.</param>
    /// <returns>All that the terminal showed; at the end <c>code N</c>, and <c>echo on</c> where the terminal is as it was before.</returns>
    public static async Task<string> RunAsync(string command, IReadOnlyDictionary<string, string> environment, params (string Question, string Answer)[] answers)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/script"), "There is no 'script' of util-linux to make a terminal with.");
        // The shell too gets the Ctrl+C, and dash, which stands in for a missing SHELL, would end by it before it says the code.
        // Where this process was started in the background, the signal is ignored and would be in all that it starts.
        ProcessStartInfo start = new("/usr/bin/env", ["--default-signal=INT", "/usr/bin/script", "-qfc", $"trap : INT; {command}; echo code $?; [ $(stty -a | tr ' ' '\\n' | grep -cx -e isig -e icanon -e echo -e opost) = 4 ] && echo echo on", "/dev/null"])
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
                while (left.TryPeek(out (string Question, string Answer) next) && all.ToString().IndexOf(next.Question, read, StringComparison.Ordinal) is >= 0 and int at)
                {
                    left.Dequeue();
                    read = at + next.Question.Length;
                    await process.StandardInput.WriteAsync(next.Answer);
                    await process.StandardInput.FlushAsync(limit.Token);
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            Assert.Fail("It did not end, and showed: " + all);
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
