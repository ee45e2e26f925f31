using System.Collections;
using System.Management.Automation.Language;

namespace System.Management.Automation
{
    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
    public class ArgumentCompleterAttribute : Attribute
    {
        public ArgumentCompleterAttribute(Type type) => Type = type;

        public ArgumentCompleterAttribute(ScriptBlock scriptBlock) => ScriptBlock = scriptBlock;

        public Type? Type { get; }

        public ScriptBlock? ScriptBlock { get; }
    }

    public interface IArgumentCompleter
    {
        IEnumerable<CompletionResult> CompleteArgument(
            string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters);
    }

    public class CompletionResult(string completionText, string listItemText, CompletionResultType resultType, string toolTip)
    {
        public CompletionResult(string completionText)
            : this(completionText, completionText, CompletionResultType.Text, completionText)
        {
        }

        public string CompletionText { get; } = completionText;

        public string ListItemText { get; } = listItemText;

        public CompletionResultType ResultType { get; } = resultType;

        public string ToolTip { get; } = toolTip;
    }

    public static class CompletionCompleters
    {
        public static IEnumerable<CompletionResult> CompleteFilename(string fileName)
        {
            string folder = IO.Path.GetDirectoryName(fileName) ?? "";
            return !IO.Directory.Exists(folder.Length > 0 ? folder : ".")
                ? []
                : IO.Directory.EnumerateFileSystemEntries(folder.Length > 0 ? folder : ".", IO.Path.GetFileName(fileName) + "*")
                    .Select(path => IO.Path.Combine(folder, IO.Path.GetFileName(path)))
                    .Order(StringComparer.Ordinal)
                    .Select(path => new CompletionResult(path, path, CompletionResultType.ProviderItem, path));
        }
    }

    public enum CompletionResultType
    {
        Text,
        History,
        Command,
        ProviderItem,
        ProviderContainer,
        Property,
        Method,
        ParameterName,
        ParameterValue,
        Variable,
        Namespace,
        Type,
        Keyword,
        DynamicKeyword,
    }
}

namespace System.Management.Automation.Language
{
    /// <summary>The parsed command line; there is no parser here.</summary>
    public abstract class Ast;

    public class CommandAst : Ast;
}
