namespace Berth.Cli.Templates;

/// <summary>Reads the tokens of an action: pipelines of calls, fields, variables, literals and brackets.</summary>
internal sealed class ExpressionParser(IReadOnlyList<Token> tokens, string action)
{
    private int _at;

    /// <summary>True when every token was used.</summary>
    public bool AtEnd => _at == tokens.Count;

    /// <summary>Takes the next token if it is of that kind.</summary>
    public bool Take(TokenKind kind, out string text)
    {
        text = _at < tokens.Count ? tokens[_at].Text : "";
        if (_at < tokens.Count && tokens[_at].Kind == kind)
        {
            _at++;
            return true;
        }
        return false;
    }

    /// <summary>True when the next tokens are of those kinds.</summary>
    public bool Next(params ReadOnlySpan<TokenKind> kinds)
    {
        for (var i = 0; i < kinds.Length; i++)
        {
            if (_at + i >= tokens.Count || tokens[_at + i].Kind != kinds[i])
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>A whole pipeline; nothing may follow.</summary>
    public Expression ParseAll()
    {
        var expression = Pipeline();
        return AtEnd ? expression : throw Error($"unexpected \"{tokens[_at].Text}\"");
    }

    private Expression Pipeline()
    {
        var value = Command(null);
        while (Take(TokenKind.Pipe, out _))
        {
            value = Command(value);
        }
        return value;
    }

    // The value of the command before the pipe becomes the last argument.
    private Expression Command(Expression? piped)
    {
        if (Next(TokenKind.Word) && tokens[_at].Text is not ("true" or "false" or "nil"))
        {
            var name = tokens[_at++].Text;
            if (!Functions.Names.Contains(name))
            {
                throw Error($"there is no function {name}; there are: {string.Join(", ", Functions.Names)}");
            }
            List<Expression> arguments = [];
            while (!AtEnd && !Next(TokenKind.Pipe) && !Next(TokenKind.Close))
            {
                arguments.Add(Operand());
            }
            if (piped is not null)
            {
                arguments.Add(piped);
            }
            return new Call(name, arguments);
        }
        return piped is null ? Operand() : throw Error("only a function can follow |");
    }

    private Expression Operand()
    {
        if (AtEnd)
        {
            throw Error("a value is missing");
        }
        var token = tokens[_at++];
        Expression value = token.Kind switch
        {
            TokenKind.Text => new Literal(token.Text),
            TokenKind.Number => new Literal(NumberText.Parse(token.Text)),
            TokenKind.Field => token.Text.Length == 0 ? new Dot() : new FieldAccess(new Dot(), token.Text),
            TokenKind.Variable => new VariableReference(token.Text),
            TokenKind.Word when token.Text is "true" or "false" => new Literal(token.Text == "true"),
            TokenKind.Word when token.Text == "nil" => new Literal(null),
            TokenKind.Word when Functions.Names.Contains(token.Text) => new Call(token.Text, []),
            TokenKind.Open => Bracketed(),
            _ => throw Error($"unexpected \"{token.Text}\""),
        };
        // .A.B, $x.A and (…).A; a field after a blank is the next argument.
        while (token.Kind is TokenKind.Field or TokenKind.Variable or TokenKind.Open && Next(TokenKind.Field) && tokens[_at].Glued && tokens[_at].Text.Length > 0)
        {
            value = new FieldAccess(value, tokens[_at++].Text);
        }
        return value;
    }

    private Expression Bracketed()
    {
        var inner = Pipeline();
        return Take(TokenKind.Close, out _) ? inner : throw Error("a ) is missing");
    }

    private TemplateException Error(string message) => new($"{message} in {{{{{action.Trim()}}}}}");
}
