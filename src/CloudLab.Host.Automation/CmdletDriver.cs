namespace System.Management.Automation;

public abstract partial class Cmdlet
{
    internal void DoBegin() => BeginProcessing();

    internal void DoProcess() => ProcessRecord();

    internal void DoEnd() => EndProcessing();

    internal void DoStop()
    {
        Stopping = true;
        StopProcessing();
    }
}

/// <summary>
/// What PowerShell's engine does to a cmdlet through internal members, for an engine in another assembly. Not part of
/// PowerShell's contract.
/// </summary>
/// <param name="cmdlet">The cmdlet to drive.</param>
public sealed class CmdletDriver(Cmdlet cmdlet)
{
    /// <summary>Gives the cmdlet what PowerShell gives it before the first call.</summary>
    public void Prepare(ICommandRuntime runtime, InvocationInfo invocation, string location)
    {
        cmdlet.CommandRuntime = runtime;
        if (cmdlet is PSCmdlet ps)
        {
            ps.MyInvocation = invocation;
            ps.SessionState = new SessionState(location);
        }
    }

    public void SetParameterSet(string name)
    {
        if (cmdlet is PSCmdlet ps)
        {
            ps.ParameterSetName = name;
        }
    }

    public void Begin() => cmdlet.DoBegin();

    public void Process() => cmdlet.DoProcess();

    public void End() => cmdlet.DoEnd();

    public void Stop() => cmdlet.DoStop();
}
