namespace CloudLab.Core.Kubernetes.Schema;

/// <summary>The table of Kubernetes' own kinds, their types and columns, <c>kubernetes.txt</c>: for reviews without a cluster, and for the emulator.</summary>
internal static class KubernetesTable
{
    private static readonly Lazy<string> Text = new(() =>
    {
        using StreamReader reader = Open();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("V ", StringComparison.Ordinal))
            {
                return line[2..];
            }
        }

        return "";
    });

    /// <summary>The Kubernetes version that it describes: <c>1.36</c>.</summary>
    public static Version Version => KubernetesVersions.Parse(Text.Value)!;

    /// <summary>Opens the table.</summary>
    /// <returns>Its lines; kube-schema.py says what they mean.</returns>
    public static StreamReader Open() => new(typeof(KubernetesTable).Assembly.GetManifestResourceStream("kubernetes.txt")!);

    /// <summary>The values of an <c>enum=</c> of the table.</summary>
    /// <param name="text">The values with <c>|</c> between them; <c>%20</c> is a space.</param>
    /// <returns>The values.</returns>
    public static string[] Values(string text) => text.Replace("%20", " ", StringComparison.Ordinal).Split('|');
}
