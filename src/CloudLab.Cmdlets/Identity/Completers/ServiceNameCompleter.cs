using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Offers services of AWS that roles are made for.</summary>
public sealed class ServiceNameCompleter : IArgumentCompleter
{
    private static readonly string[] Services =
    [
        "batch", "cloudformation", "codebuild", "codepipeline", "ec2", "ecs-tasks", "eks", "events", "glue", "lambda", "pods.eks.amazonaws.com", "s3", "scheduler",
        "states",
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Offers(Services, wordToComplete);
}
