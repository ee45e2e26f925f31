using System.ComponentModel;
using System.Diagnostics;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Sessions;

/// <summary>
/// Runs a program that prints credentials: an exec plugin of a kubeconfig, the <c>credential_process</c> of an AWS profile, a credential helper
/// of docker. What it prints is
/// never shown. Of its complaints the last line is, cut short; a program must not print secrets there.
/// </summary>
internal static class CredentialProgram
{
    private const int LongestComplaint = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Runs the program to its end, which may take as long as it likes: it may ask somebody in a browser. The user hears of a long wait.</summary>
    /// <param name="start">Program, arguments and variables.</param>
    /// <param name="name">What it is called in messages: <c>exec plugin 'aws'</c>.</param>
    /// <param name="failed">Makes the error from the reason and what caused it.</param>
    /// <param name="missing">What to do where the program cannot be started.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <param name="input">What it reads; null for nothing.</param>
    /// <param name="hasNone">Whether what a program that failed wrote means that it has no credentials; null where none may say so.</param>
    /// <returns>What it wrote; empty where it has none. Throws what <paramref name="failed"/> makes.</returns>
    public static async Task<string> RunAsync(
        ProcessStartInfo start, string name, Func<string, Exception?, LabException> failed, string missing, CancellationToken cancellation,
        string? input = null, Predicate<string>? hasNone = null)
    {
        IReporter reporter = RequestLog.Current;
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError, start.UseShellExecute) = (true, true, true, false);
        using Process process = new() { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw failed($"'{start.FileName}' cannot be started: {missing}", e);
        }

        try
        {
            await WriteAsync(process, input, cancellation);
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation), complaint = process.StandardError.ReadToEndAsync(cancellation);
            Task ended = Task.WhenAll(output, complaint, process.WaitForExitAsync(cancellation));
            if (await Task.WhenAny(ended, Task.Delay(Patience, cancellation)) != ended)
            {
                reporter.Warning($"The {name} has been running for {Patience.TotalSeconds:0} s; still waiting. Press Ctrl+C to stop it.");
            }

            await ended;
            return process.ExitCode == 0 ? await output
                : hasNone?.Invoke(await output) == true ? ""
                : throw failed($"'{start.FileName}' exited with code {process.ExitCode}{LastLine(await complaint)}", null);
        }
        catch (OperationCanceledException)
        {
            ProcessTree.End(process);
            throw;
        }
    }

    private static async Task WriteAsync(Process process, string? input, CancellationToken cancellation)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended, or closed its input, without reading it: its exit code and output tell more than the broken pipe.
        }
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() is { } line
            ? ": " + (line.Length > LongestComplaint ? line[..LongestComplaint] + "…" : line)
            : "";
}
