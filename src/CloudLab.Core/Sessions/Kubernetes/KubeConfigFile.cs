using System.Text.Json;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Yaml;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>Changes single values in kubeconfig files, YAML or JSON: comments, order and everything else stay as they are.</summary>
internal static class KubeConfigFile
{
    /// <summary>Sets the current context.</summary>
    /// <param name="file">The file.</param>
    /// <param name="context">Name of the context.</param>
    public static void SetCurrentContext(string file, string context) => Change(file, (text, root) => Set(text, root, "current-context", context));

    /// <summary>Sets the namespace of a context.</summary>
    /// <param name="file">The file that the context stands in.</param>
    /// <param name="context">Name of the context.</param>
    /// <param name="ns">The namespace.</param>
    public static void SetNamespace(string file, string context, string ns) => Change(file, (text, root) =>
        Child(root, "contexts") is YamlSequenceNode list
        && list.OfType<YamlMappingNode>().FirstOrDefault(item => (Child(item, "name") as YamlScalarNode)?.Value == context) is { } entry
        && Child(entry, "context") is YamlMappingNode body
            ? Set(text, body, "namespace", ns)
            : throw NotWritten(file, $"it has no context '{context}' with a mapping of its own"));

    private static void Change(string file, Func<string, YamlMappingNode, string> change)
    {
        // The file itself where it is linked to, so that the link stays.
        string target = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(file);
        try
        {
            string text = SourceText.Decode(File.ReadAllBytes(target));
            YamlStream stream = [];
            stream.Load(new StringReader(text));
            YamlMappingNode root = stream.Documents.FirstOrDefault()?.RootNode as YamlMappingNode ?? throw NotWritten(file, "it is not a mapping");
            string changed = change(text, root);
            OwnerFile.Replace(target, changed);
        }
        catch (YamlException e)
        {
            throw NotWritten(file, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(file, e.Message, e);
        }
    }

    private static string Set(string text, YamlMappingNode map, string key, string value)
    {
        // JSON strings are YAML, too.
        string written = value.All(c => char.IsAsciiLetterLower(c) || c == '-') && map.Style != YamlDotNet.Core.Events.MappingStyle.Flow
            && value is not ("y" or "n" or "yes" or "no" or "on" or "off" or "true" or "false" or "null") && !value.StartsWith('-')
            ? value
            : JsonSerializer.Serialize(value);
        if (Child(map, key) is { } old)
        {
            int start = (int)old.Start.Index, end = (int)old.End.Index;
            // An empty value has no place of its own: it stands right after the colon.
            return text[..start] + (start == end && start > 0 && text[start - 1] == ':' ? " " : "") + written + text[end..];
        }

        int at = (int)map.Start.Index;
        if (map.Style == YamlDotNet.Core.Events.MappingStyle.Flow)
        {
            string comma = map.Children.Count == 0 ? "" : ", ";
            return $"{text[..(at + 1)]}{JsonSerializer.Serialize(key)}: {written}{comma}{text[(at + 1)..]}";
        }

        YamlNode first = map.Children.First().Key;
        return $"{text[..(int)first.Start.Index]}{key}: {written}\n{new string(' ', (int)first.Start.Column - 1)}{text[(int)first.Start.Index..]}";
    }

    private static YamlNode? Child(YamlMappingNode map, string key) =>
        map.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode scalar && scalar.Value == key).Value;

    private static LabException NotWritten(string file, string why, Exception? inner = null) => new(
        LabErrorKind.WriteFailed, "KubeConfigNotWritten", $"The kubeconfig '{file}' cannot be changed: {why.TrimEnd('.')}.", inner) { Target = file };
}
