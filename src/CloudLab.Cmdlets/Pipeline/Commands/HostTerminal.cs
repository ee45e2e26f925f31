using System.Management.Automation;
using System.Management.Automation.Host;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Terminals;

namespace CloudLab.Cmdlets.Pipeline.Commands;

/// <summary>The terminal of this process, where the user of a command sits at it.</summary>
internal static class HostTerminal
{
    // The host of a remote session and of a job: a terminal of the process would be somebody else's.
    private const string RemoteHost = "ServerRemoteHost";

    /// <summary>Gives this terminal to a command until it ends, and puts its exit code where PowerShell puts that of a program.</summary>
    /// <param name="running">The command.</param>
    /// <param name="ask">Runs something on the pipeline thread.</param>
    /// <param name="command">The cmdlet.</param>
    /// <param name="cancellation">Ends the connection.</param>
    /// <returns>Exit code; null where the user left and the command runs on.</returns>
    public static async Task<int?> GiveAsync(RunningCommand running, Func<Func<bool>, Task<bool>> ask, PSCmdlet command, CancellationToken cancellation)
    {
        int? code;
        using (LocalTerminal terminal = LocalTerminal.Open())
        {
            code = await running.RunInAsync(terminal, cancellation);
        }

        await CommandOutput.SetExitCodeAsync(ask, command, code ?? 0);
        return code;
    }

    /// <summary>Makes sure that the user sits at it.</summary>
    /// <param name="host">The host of the command.</param>
    /// <param name="parameter">What needs the terminal.</param>
    /// <exception cref="LabException"><c>TerminalMissing</c>: there is none.</exception>
    public static void Require(PSHost host, string parameter)
    {
        string? why = host.Name == RemoteHost ? "this is a remote session or a job"
            : host.UI?.RawUI is null ? "this PowerShell has no console"
            : Console.IsInputRedirected ? "standard input is redirected"
            : Console.IsOutputRedirected ? "standard output is redirected" : null;
        if (why is not null)
        {
            throw new LabException(LabErrorKind.NotSupported, "TerminalMissing", $"{parameter} needs a terminal, and {why}: run it without {parameter}, or at a terminal.")
            {
                StopsCommand = true,
            };
        }
    }
}
