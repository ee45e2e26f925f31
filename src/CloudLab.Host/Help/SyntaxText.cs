using System.Text;

namespace CloudLab.Host.Help;

/// <summary>A parameter set in PowerShell's notation.</summary>
internal static class SyntaxText
{
    /// <summary>The set as one line.</summary>
    /// <param name="name">The cmdlet.</param>
    /// <param name="syntax">The set.</param>
    /// <returns>The line.</returns>
    public static string Of(string name, HelpSyntax syntax)
    {
        StringBuilder line = new(name);
        foreach (HelpSyntaxParameter parameter in syntax.Parameters)
        {
            string dashed = parameter.Position is not null && parameter.Type is not null ? $"[-{parameter.Name}]" : "-" + parameter.Name;
            string whole = parameter.Type is null ? dashed : $"{dashed} <{parameter.Type}>";
            line.Append(' ').Append(parameter.Required ? whole : $"[{whole}]");
        }

        return line.Append(" [<CommonParameters>]").ToString();
    }
}
