using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CloudLab.Host.Binding;

namespace CloudLab.Host.Pipeline;

/// <summary>Runs one cmdlet on the calling thread, as PowerShell's pipeline does.</summary>
public sealed class CommandRun : ICommandRuntime2, IDisposable
{
    private readonly IPipelineSink sink;
    private readonly Cmdlet cmdlet;
    private readonly CmdletDriver driver;
    private readonly InvocationInfo invocation;
    private readonly CommonParameters common;
    private bool yesToAll, noToAll;
    private volatile bool stopping;

    /// <summary>Makes the cmdlet.</summary>
    /// <param name="model">Which one.</param>
    /// <param name="sink">Where its output goes.</param>
    /// <param name="common">The common parameters.</param>
    /// <param name="location">The current folder.</param>
    public CommandRun(CommandModel model, IPipelineSink sink, CommonParameters? common = null, string? location = null)
    {
        Model = model;
        this.sink = sink;
        this.common = common ?? new CommonParameters();
        cmdlet = (Cmdlet)Activator.CreateInstance(model.Type)!;
        driver = new CmdletDriver(cmdlet);
        invocation = new InvocationInfo(model.Name);
        driver.Prepare(this, invocation, location ?? Environment.CurrentDirectory);
        Binder = new ParameterBinder(model, cmdlet);
    }

    /// <summary>The cmdlet's description.</summary>
    public CommandModel Model { get; }

    /// <summary>Binds the command line before <see cref="Run"/>.</summary>
    public ParameterBinder Binder { get; }

    /// <summary>How many errors there were.</summary>
    public int Errors { get; private set; }

    /// <summary>Whether the cmdlet was stopped before it ended.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Runs the cmdlet to its end.</summary>
    /// <param name="input">Input objects, or null where the cmdlet is not in a pipeline.</param>
    /// <exception cref="ParameterBindingException">The command line does not make sense.</exception>
    public void Run(IEnumerable<object?>? input)
    {
        driver.SetParameterSet(Binder.Complete(input is not null));
        ShowBound();
        invocation.ExpectingInput = input is not null;
        Runspace? before = Runspace.DefaultRunspace;
        Runspace.DefaultRunspace = before ?? RunspaceFactory.CreateRunspace();
        try
        {
            driver.Begin();
            if (input is null)
            {
                driver.Process();
            }
            else
            {
                foreach (object? item in input)
                {
                    ProcessInput(item);
                }
            }

            driver.End();
        }
        catch (PipelineStoppedException)
        {
            Stopped = true;
        }
        catch (Exception e)
        {
            // Whatever a cmdlet throws ends it, and only it.
            Terminate(e is IContainsErrorRecord known ? known.ErrorRecord : new ErrorRecord(e, e.GetType().FullName!, ErrorCategory.NotSpecified, null));
        }
        finally
        {
            Runspace.DefaultRunspace = before;
        }
    }

    /// <summary>Asks the cmdlet to end, from any thread.</summary>
    public void Stop()
    {
        stopping = true;
        driver.Stop();
    }

    /// <inheritdoc/>
    public void Dispose() => (cmdlet as IDisposable)?.Dispose();

    /// <inheritdoc/>
    public void WriteObject(object? sendToPipeline)
    {
        ThrowIfStopping();
        sink.Output(sendToPipeline);
    }

    /// <inheritdoc/>
    public void WriteObject(object? sendToPipeline, bool enumerateCollection)
    {
        if (enumerateCollection && sendToPipeline is IEnumerable many and not string and not IDictionary)
        {
            foreach (object? one in many)
            {
                WriteObject(one);
            }
        }
        else
        {
            WriteObject(sendToPipeline);
        }
    }

    /// <inheritdoc/>
    public void WriteError(ErrorRecord errorRecord)
    {
        ThrowIfStopping();
        Sign(errorRecord);
        if (common.ErrorAction == ActionPreference.Stop)
        {
            throw new ActionPreferenceStopException(errorRecord);
        }

        Errors++;
        if (common.ErrorAction is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore))
        {
            sink.Error(errorRecord, false);
        }
    }

    /// <inheritdoc/>
    public void ThrowTerminatingError(ErrorRecord errorRecord) => throw new CmdletInvocationException(errorRecord);

    /// <inheritdoc/>
    public void WriteWarning(string text)
    {
        ThrowIfStopping();
        if (common.WarningAction is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore))
        {
            sink.Warning(text);
        }
    }

    /// <inheritdoc/>
    public void WriteVerbose(string text)
    {
        ThrowIfStopping();
        if (common.Verbose)
        {
            sink.Verbose(text);
        }
    }

    /// <inheritdoc/>
    public void WriteDebug(string text)
    {
        if (common.Debug)
        {
            sink.Debug(text);
        }
    }

    /// <inheritdoc/>
    public void WriteCommandDetail(string text)
    {
    }

    /// <inheritdoc/>
    public void WriteProgress(ProgressRecord progressRecord)
    {
        ThrowIfStopping();
        if (common.ProgressAction == ActionPreference.Continue)
        {
            sink.Progress(progressRecord);
        }
    }

    /// <inheritdoc/>
    public void WriteInformation(InformationRecord informationRecord)
    {
        if (common.InformationAction == ActionPreference.Continue)
        {
            sink.Information(informationRecord.ToString());
        }
    }

    /// <inheritdoc/>
    public bool ShouldProcess(string? target) => ShouldProcess(target, Model.Name);

    /// <inheritdoc/>
    public bool ShouldProcess(string? target, string? action) => ShouldProcess(
        $"Performing the operation \"{action}\" on target \"{target}\".", $"{action} {target}?", null, out _);

    /// <inheritdoc/>
    public bool ShouldProcess(string? verboseDescription, string? verboseWarning, string? caption) =>
        ShouldProcess(verboseDescription, verboseWarning, caption, out _);

    /// <inheritdoc/>
    public bool ShouldProcess(
        string? verboseDescription, string? verboseWarning, string? caption, out ShouldProcessReason shouldProcessReason)
    {
        shouldProcessReason = common.WhatIf ? ShouldProcessReason.WhatIf : ShouldProcessReason.None;
        if (common.WhatIf)
        {
            sink.Information("What if: " + verboseDescription);
            return false;
        }

        if (common.Confirm ?? (Model.SupportsShouldProcess && Model.ConfirmImpact == ConfirmImpact.High))
        {
            return Answer(verboseWarning ?? verboseDescription ?? Model.Name, ref yesToAll, ref noToAll);
        }

        WriteVerbose(verboseDescription ?? "");
        return true;
    }

    /// <inheritdoc/>
    public bool ShouldContinue(string? query, string? caption)
    {
        bool yes = false, no = false;
        return ShouldContinue(query, caption, ref yes, ref no);
    }

    /// <inheritdoc/>
    public bool ShouldContinue(string? query, string? caption, ref bool yesToAll, ref bool noToAll) =>
        Answer(query ?? caption ?? Model.Name, ref yesToAll, ref noToAll);

    private void ThrowIfStopping()
    {
        if (stopping)
        {
            throw new PipelineStoppedException();
        }
    }

    private bool Answer(string question, ref bool yesAll, ref bool noAll)
    {
        if (yesAll || noAll)
        {
            return yesAll;
        }

        ConfirmAnswer? answer = sink.Ask(question);
        yesAll = answer == ConfirmAnswer.YesToAll;
        noAll = answer == ConfirmAnswer.NoToAll;
        return answer switch
        {
            ConfirmAnswer.Yes or ConfirmAnswer.YesToAll => true,
            ConfirmAnswer.No or ConfirmAnswer.NoToAll => false,
            _ => throw new CmdletInvocationException(new ErrorRecord(
                new InvalidOperationException(question + " There is nobody to ask: add -Confirm:false."),
                "ConfirmationNeeded", ErrorCategory.InvalidOperation, null)),
        };
    }

    private void ProcessInput(object? item)
    {
        try
        {
            driver.SetParameterSet(Binder.BindInput(item));
        }
        catch (ParameterBindingException e)
        {
            // This input only; the next one may do.
            WriteError(new ErrorRecord(e, e.ErrorId, ErrorCategory.InvalidArgument, item));
            return;
        }

        ShowBound();
        driver.Process();
    }

    private void ShowBound()
    {
        invocation.BoundParameters.Clear();
        foreach ((string name, object value) in common.Given)
        {
            invocation.BoundParameters[name] = value;
        }

        foreach ((string name, object? value) in Binder.Bound)
        {
            invocation.BoundParameters[name] = value!;
        }

        if (common.WhatIf)
        {
            invocation.BoundParameters[nameof(common.WhatIf)] = true;
        }

        if (common.Confirm is { } confirm)
        {
            invocation.BoundParameters[nameof(common.Confirm)] = confirm;
        }
    }

    private void Terminate(ErrorRecord record)
    {
        Sign(record);
        Errors++;
        sink.Error(record, true);
    }

    private void Sign(ErrorRecord record)
    {
        record.CommandType ??= Model.Type.FullName;
        record.InvocationInfo ??= invocation;
        record.CategoryInfo.Activity = Model.Name;
    }
}
