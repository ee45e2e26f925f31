namespace System.Management.Automation;

public abstract partial class Cmdlet
{
    public ICommandRuntime CommandRuntime { get; set; } = null!;

    public bool Stopping { get; internal set; }

    protected virtual void BeginProcessing()
    {
    }

    protected virtual void ProcessRecord()
    {
    }

    protected virtual void EndProcessing()
    {
    }

    protected virtual void StopProcessing()
    {
    }

    public void WriteObject(object? sendToPipeline) => CommandRuntime.WriteObject(sendToPipeline);

    public void WriteObject(object? sendToPipeline, bool enumerateCollection) =>
        CommandRuntime.WriteObject(sendToPipeline, enumerateCollection);

    public void WriteError(ErrorRecord errorRecord) => CommandRuntime.WriteError(errorRecord);

    public void WriteWarning(string text) => CommandRuntime.WriteWarning(text);

    public void WriteVerbose(string text) => CommandRuntime.WriteVerbose(text);

    public void WriteDebug(string text) => CommandRuntime.WriteDebug(text);

    public void WriteCommandDetail(string text) => CommandRuntime.WriteCommandDetail(text);

    public void WriteProgress(ProgressRecord progressRecord) => CommandRuntime.WriteProgress(progressRecord);

    public void WriteInformation(InformationRecord informationRecord) =>
        (CommandRuntime as ICommandRuntime2)?.WriteInformation(informationRecord);

    public void WriteInformation(object messageData, string[] tags)
    {
        InformationRecord record = new(messageData, null);
        record.Tags.AddRange(tags ?? []);
        WriteInformation(record);
    }

    public bool ShouldProcess(string target) => CommandRuntime.ShouldProcess(target);

    public bool ShouldProcess(string target, string action) => CommandRuntime.ShouldProcess(target, action);

    public bool ShouldProcess(string verboseDescription, string verboseWarning, string caption) =>
        CommandRuntime.ShouldProcess(verboseDescription, verboseWarning, caption);

    public bool ShouldProcess(
        string verboseDescription, string verboseWarning, string caption, out ShouldProcessReason shouldProcessReason) =>
        CommandRuntime.ShouldProcess(verboseDescription, verboseWarning, caption, out shouldProcessReason);

    public bool ShouldContinue(string query, string caption) => CommandRuntime.ShouldContinue(query, caption);

    public bool ShouldContinue(string query, string caption, ref bool yesToAll, ref bool noToAll) =>
        CommandRuntime.ShouldContinue(query, caption, ref yesToAll, ref noToAll);

    public void ThrowTerminatingError(ErrorRecord errorRecord) => CommandRuntime.ThrowTerminatingError(errorRecord);
}

public abstract class PSCmdlet : Cmdlet
{
    public string ParameterSetName { get; internal set; } = ParameterAttribute.AllParameterSets;

    public InvocationInfo MyInvocation { get; internal set; } = new("");

    public SessionState SessionState { get; internal set; } = new(Environment.CurrentDirectory);

    public PathInfo CurrentProviderLocation(string providerId) => SessionState.Path.CurrentFileSystemLocation;

    public string GetUnresolvedProviderPathFromPSPath(string path) =>
        SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);

    public Collections.ObjectModel.Collection<string> GetResolvedProviderPathFromPSPath(string path, out ProviderInfo provider) =>
        SessionState.Path.GetResolvedProviderPathFromPSPath(path, out provider);

    public object? GetVariableValue(string name) => SessionState.PSVariable.GetValue(name);

    public object? GetVariableValue(string name, object? defaultValue) => SessionState.PSVariable.GetValue(name) ?? defaultValue;
}

public interface ICommandRuntime
{
    void WriteObject(object? sendToPipeline);

    void WriteObject(object? sendToPipeline, bool enumerateCollection);

    void WriteError(ErrorRecord errorRecord);

    void WriteWarning(string text);

    void WriteVerbose(string text);

    void WriteDebug(string text);

    void WriteCommandDetail(string text);

    void WriteProgress(ProgressRecord progressRecord);

    bool ShouldProcess(string? target);

    bool ShouldProcess(string? target, string? action);

    bool ShouldProcess(string? verboseDescription, string? verboseWarning, string? caption);

    bool ShouldProcess(string? verboseDescription, string? verboseWarning, string? caption, out ShouldProcessReason shouldProcessReason);

    bool ShouldContinue(string? query, string? caption);

    bool ShouldContinue(string? query, string? caption, ref bool yesToAll, ref bool noToAll);

    void ThrowTerminatingError(ErrorRecord errorRecord);
}

public interface ICommandRuntime2 : ICommandRuntime
{
    void WriteInformation(InformationRecord informationRecord);
}

[Flags]
public enum ShouldProcessReason
{
    None = 0,
    WhatIf = 1,
}

public enum ActionPreference
{
    SilentlyContinue,
    Stop,
    Continue,
    Inquire,
    Ignore,
    Suspend,
    Break,
}

public class InvocationInfo(string invocationName)
{
    public string InvocationName { get; } = invocationName;

    public Dictionary<string, object> BoundParameters { get; } = new(StringComparer.OrdinalIgnoreCase);

    public bool ExpectingInput { get; set; }

    public int PipelineLength { get; set; } = 1;

    public int PipelinePosition { get; set; } = 1;

    public string Line => InvocationName;
}
