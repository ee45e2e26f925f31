using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Host.Binding;
using CloudLab.Host.Pipeline;

namespace CloudLab.Tests;

/// <summary>
/// Runs the cmdlets that ship, as PowerShell's pipeline would, on the stand-in that <c>cloudlab</c> runs them on:
/// <c>await CmdletRunner.RunAsync("Get-LabObject", new { Bucket = "b", Session = s }, input: objects)</c>.
/// </summary>
public static class CmdletRunner
{
    private static readonly CommandCatalog Catalog = new(typeof(LabCommand).Assembly);

    // Cmdlets that only tests have, to try the base classes.
    private static readonly CommandCatalog TestCatalog = new(typeof(CmdletRunner).Assembly);

    /// <summary>Runs one cmdlet to its end.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parameters">
    /// An anonymous object or a dictionary: parameters by name, common ones (<c>WhatIf = true</c>) among them.
    /// </param>
    /// <param name="input">Pipeline input; null for none.</param>
    /// <param name="first">Stops the pipeline after so many objects, as <c>Select-Object -First</c> does.</param>
    /// <param name="ctrlC">Stops the cmdlet as Ctrl+C does when cancelled.</param>
    /// <param name="answer">What the user answers when asked; null stands for nobody there.</param>
    /// <param name="runspace">The session whose defaults (Connect-Lab) count; a new one if null.</param>
    /// <param name="location">The current folder; the process's if null.</param>
    /// <param name="onOutput">Told each object as it comes out, on the pipeline thread.</param>
    /// <param name="onVerbose">Told each verbose line as it comes out, on the pipeline thread.</param>
    /// <returns>Everything the cmdlet wrote. Never throws for what the cmdlet does.</returns>
    public static Task<CmdletResult> RunAsync(
        string name,
        object? parameters = null,
        IEnumerable<object?>? input = null,
        int? first = null,
        CancellationToken ctrlC = default,
        ConfirmAnswer? answer = null,
        Runspace? runspace = null,
        string? location = null,
        Action<object?>? onOutput = null,
        Action<string>? onVerbose = null)
    {
        CommandModel model = Catalog.Find(name) ?? TestCatalog.Find(name) ?? throw new ArgumentException("There is no cmdlet " + name + ".");
        CmdletResult result = new(first, answer, onOutput, onVerbose);
        return Task.Factory.StartNew(
            () =>
            {
                // A thread of its own: the runspace hangs on the thread.
                Runspace.DefaultRunspace = runspace ?? RunspaceFactory.CreateRunspace();
                Run(model, Pairs(parameters), input, result, location, ctrlC);
                return result;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static void Run(
        CommandModel model, IEnumerable<KeyValuePair<string, object?>> parameters, IEnumerable<object?>? input,
        CmdletResult result, string? location, CancellationToken ctrlC)
    {
        CommonParameters common = new() { Verbose = true, InformationAction = ActionPreference.Continue };
        using CommandRun run = new(model, result, common, location);
        try
        {
            foreach ((string name, object? value) in parameters)
            {
                if (model.Find(name) is { } parameter)
                {
                    run.Binder.BindNamed(parameter, value);
                }
                else
                {
                    common.Set(CommonParameters.Names[name], value);
                }
            }

            using CancellationTokenRegistration stop = ctrlC.Register(run.Stop);
            run.Run(input);
        }
        catch (ParameterBindingException e)
        {
            result.Error(e.ErrorRecord, true);
        }

        result.Stopped = run.Stopped;
    }

    private static IEnumerable<KeyValuePair<string, object?>> Pairs(object? parameters) => parameters switch
    {
        null => [],
        IDictionary map => map.Keys.Cast<object>().Select(k => KeyValuePair.Create(k.ToString()!, map[k])),
        _ => parameters.GetType().GetProperties().Select(p => KeyValuePair.Create(p.Name, p.GetValue(parameters))),
    };
}

/// <summary>What a cmdlet wrote.</summary>
public sealed class CmdletResult : IPipelineSink
{
    private readonly int? first;
    private readonly ConfirmAnswer? answer;
    private readonly Action<object?>? onOutput;
    private readonly Action<string>? onVerbose;
    private readonly List<object?> output = [];
    private readonly List<ErrorRecord> errors = [];
    private readonly List<string> warnings = [], verbose = [], information = [], questions = [];
    private readonly List<ProgressRecord> progress = [];

    internal CmdletResult(int? first, ConfirmAnswer? answer, Action<object?>? onOutput, Action<string>? onVerbose) =>
        (this.first, this.answer, this.onOutput, this.onVerbose) = (first, answer, onOutput, onVerbose);

    /// <summary>The objects, in their order.</summary>
    public IReadOnlyList<object?> Output => output;

    /// <summary>Non-terminating errors.</summary>
    public IReadOnlyList<ErrorRecord> Errors => errors;

    /// <summary>The error that ended the cmdlet (or refused its parameters), if one did.</summary>
    public ErrorRecord? TerminatingError { get; private set; }

    /// <summary>Warnings.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>Lines of -Verbose, which is always on here.</summary>
    public IReadOnlyList<string> Verbose => verbose;

    /// <summary>What -WhatIf and WriteInformation said.</summary>
    public IReadOnlyList<string> Information => information;

    /// <summary>What the user was asked.</summary>
    public IReadOnlyList<string> Questions => questions;

    /// <summary>Progress.</summary>
    public IReadOnlyList<ProgressRecord> Progress => progress;

    /// <summary>Whether Ctrl+C or <c>first</c> ended the cmdlet.</summary>
    public bool Stopped { get; internal set; }

    /// <summary>The output, all of it of one type.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <returns>The objects.</returns>
    public T[] OutputOf<T>() => [.. output.Select(o => (T)(o is PSObject wrapper and not T ? wrapper.BaseObject : o)!)];

    /// <summary>Asserts that nothing went wrong and goes on.</summary>
    /// <returns>This.</returns>
    public CmdletResult Ok()
    {
        Xunit.Assert.Null(TerminatingError?.ToString());
        Xunit.Assert.Empty(errors.Select(e => e.ToString()));
        return this;
    }

    void IPipelineSink.Output(object? value)
    {
        output.Add(value);
        onOutput?.Invoke(value);
        if (output.Count == first)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <inheritdoc/>
    public void Error(ErrorRecord record, bool terminating)
    {
        if (terminating)
        {
            TerminatingError = record;
        }
        else
        {
            errors.Add(record);
        }
    }

    void IPipelineSink.Warning(string text) => warnings.Add(text);

    void IPipelineSink.Verbose(string text)
    {
        verbose.Add(text);
        onVerbose?.Invoke(text);
    }

    void IPipelineSink.Debug(string text) => verbose.Add(text);

    void IPipelineSink.Information(string text) => information.Add(text);

    void IPipelineSink.Progress(ProgressRecord record) => progress.Add(record);

    ConfirmAnswer? IPipelineSink.Ask(string question)
    {
        questions.Add(question);
        return answer;
    }
}
