using System.Collections;
using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Cmdlets.Storage.Drive;
using Microsoft.PowerShell.Commands;

namespace CloudLab.Tests;

/// <summary>PowerShell sessions with the module's cmdlets and its drives. Opening one takes a while, so they are kept and made as new after use.</summary>
public static class TestRunspaces
{
    private static readonly ConcurrentBag<Runspace> Idle = [];
    private static readonly InitialSessionState Content = Describe();

    /// <summary>A session in which nothing has been set: what one call sets as its default, the next one in it finds.</summary>
    /// <returns>The session; back with <see cref="Return"/>.</returns>
    public static Runspace Rent()
    {
        if (Idle.TryTake(out Runspace? runspace))
        {
            return runspace;
        }

        runspace = RunspaceFactory.CreateRunspace(Content);
        runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        runspace.Open();
        return runspace;
    }

    /// <summary>Takes back a session and makes it as new.</summary>
    /// <param name="runspace">The session.</param>
    public static void Return(Runspace runspace)
    {
        Within(runspace, () => DefaultSession.Set(null));
        foreach (PSDriveInfo drive in runspace.SessionStateProxy.Drive.GetAll().Where(d => d.Provider.ImplementingType == typeof(LabS3Provider)))
        {
            runspace.SessionStateProxy.Drive.Remove(drive.Name, force: true, scope: null);
        }

        // Variables, $Error among them.
        runspace.ResetRunspaceState();
        Idle.Add(runspace);
    }

    /// <summary>Sets a session's current folder.</summary>
    /// <param name="runspace">The session.</param>
    /// <param name="folder">The folder.</param>
    internal static void SetLocation(Runspace runspace, string folder)
    {
        if (runspace.SessionStateProxy.Path.CurrentLocation.Path != folder)
        {
            using PowerShell shell = PowerShell.Create(runspace);
            shell.AddCommand("Set-Location").AddParameter("LiteralPath", folder).AddParameter("ErrorAction", ActionPreference.Stop).Invoke();
        }
    }

    private static void Within(Runspace runspace, Action action)
    {
        Runspace? before = Runspace.DefaultRunspace;
        Runspace.DefaultRunspace = runspace;
        try
        {
            action();
        }
        finally
        {
            Runspace.DefaultRunspace = before;
        }
    }

    private static InitialSessionState Describe()
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();

        // The cmdlets that ship, those that only tests have, and what a pipeline of the tests needs of PowerShell's own.
        IEnumerable<Type> cmdlets = typeof(LabCommand).Assembly.GetTypes().Concat(typeof(TestRunspaces).Assembly.GetTypes())
            .Append(typeof(SelectObjectCommand)).Append(typeof(SetLocationCommand));
        foreach (Type type in cmdlets)
        {
            if (Attribute.GetCustomAttribute(type, typeof(CmdletAttribute)) is CmdletAttribute cmdlet)
            {
                state.Commands.Add(new SessionStateCmdletEntry($"{cmdlet.VerbName}-{cmdlet.NounName}", type, null));
            }
        }

        state.Providers.Add(new SessionStateProviderEntry("LabS3", typeof(LabS3Provider), null));
        return state;
    }
}

/// <summary>The start of a pipeline: writes one object after the other, each when the next command has taken the last.</summary>
[Cmdlet(VerbsCommunications.Read, "TestInput")]
public sealed class ReadTestInputCommand : PSCmdlet
{
    /// <summary>The objects.</summary>
    [Parameter(Mandatory = true)]
    public IEnumerable Source { get; set; } = Array.Empty<object>();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (object? value in Source)
        {
            WriteObject(value);
        }
    }
}
