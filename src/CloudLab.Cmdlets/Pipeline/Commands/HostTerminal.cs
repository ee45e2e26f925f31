using System.Management.Automation.Host;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Pipeline.Commands;

/// <summary>Whether the user of a command sits at the terminal of this process.</summary>
internal static class HostTerminal
{
    // The host of a remote session and of a job: a terminal of the process would be somebody else's.
    private const string RemoteHost = "ServerRemoteHost";

    /// <summary>Makes sure of it.</summary>
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
