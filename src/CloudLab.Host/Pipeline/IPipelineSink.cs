using System.Management.Automation;

namespace CloudLab.Host.Pipeline;

/// <summary>Where what a cmdlet writes goes: a terminal, a pipe, a test.</summary>
public interface IPipelineSink
{
    /// <summary>Takes an object; may throw <see cref="PipelineStoppedException"/> when it wants no more.</summary>
    /// <param name="value">The object.</param>
    void Output(object? value);

    /// <summary>Takes an error; a terminating one is the last thing it gets.</summary>
    /// <param name="record">The error.</param>
    /// <param name="terminating">Whether the cmdlet ended with it.</param>
    void Error(ErrorRecord record, bool terminating);

    /// <summary>Takes a warning.</summary>
    /// <param name="text">The warning.</param>
    void Warning(string text);

    /// <summary>Takes a line of <c>-Verbose</c>.</summary>
    /// <param name="text">The line.</param>
    void Verbose(string text);

    /// <summary>Takes a line of <c>-Debug</c>.</summary>
    /// <param name="text">The line.</param>
    void Debug(string text);

    /// <summary>Takes what <c>-WhatIf</c> says, or a message to the user.</summary>
    /// <param name="text">The message.</param>
    void Information(string text);

    /// <summary>Takes a state of progress.</summary>
    /// <param name="record">The state.</param>
    void Progress(ProgressRecord record);

    /// <summary>Asks the user.</summary>
    /// <param name="question">The question.</param>
    /// <returns>The answer; null where there is nobody to ask.</returns>
    ConfirmAnswer? Ask(string question);
}

/// <summary>What one can answer to a confirmation.</summary>
public enum ConfirmAnswer
{
    /// <summary>Do this one.</summary>
    Yes,

    /// <summary>Do all.</summary>
    YesToAll,

    /// <summary>Skip this one.</summary>
    No,

    /// <summary>Skip all.</summary>
    NoToAll,
}
